"""A comparison of several networks: the table that a document shows, and one HTML file.

The inflated figure and the honest one stand one above the other: what a study reports, its recipe
to the letter on its own split, the same without its mistakes, and ours on the clean test part of
one manifest; each beside what always calling the commonest class gets, the best baseline, and a
second source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from covid_core.evaluation.baselines import best_baseline
from covid_core.evaluation.compare import Compared
from covid_core.findings import Finding
from covid_core.metrics import format_estimate
from covid_core.model.architectures import TITLES
from covid_core.model.card import AS_PUBLISHED, CORRECTED, SHIPPED, WeightsCard
from covid_core.model.results import TEST, Baseline, Summary
from covid_core.model.tasks import TASKS
from covid_core.model.tiers import in_sentence
from covid_core.model_card import comparison_plots
from covid_core.model_card.results import held_out_name
from covid_core.present.html import embedded, write_page
from covid_core.present.markdown import table
from covid_core.present.overlay import data_uri, png
from covid_core.training.variant_names import Variant
from covid_core.training.variants import protocol_of, recipe_in

_TEMPLATE = Path(__file__).with_name("comparison.html")
_FIGURES = ("auroc", "sensitivity", "specificity", "precision", "f1")
HEADER = (
    "Recipe",
    "Variant",
    "Start",
    "Films",
    "n",
    "Accuracy",
    "Always the commonest",
    "Best baseline",
    "AUROC",
    "Sensitivity (recall)",
    "Specificity",
    "Precision",
    "F1",
    "Cohen's kappa",
    "Made by",
)
RECIPES_BLOCK = "recipes"  # the block of a document


Variants = Mapping[str, WeightsCard]
"""Cards of one study's recipe by variant, as `card.read_variants` gives them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipe's lines of the table.

    `parts`: what was tested on, by name, nothing where `card` is one of `variants`; `baselines` of
    these. `variants`: the cards of the same recipe as its study trained it, and corrected.
    """

    card: WeightsCard
    parts: Mapping[str, Summary]
    baselines: Mapping[str, Mapping[str, Baseline]]
    same_split: bool = True
    variants: Variants = field(default_factory=dict)


def entry_of_card(card: WeightsCard, variants: Variants | None = None) -> Entry:
    """The figures that train.py left in the card."""
    results = card.results
    parts = {name: summary for name, _, summary in results.independent_parts}
    return Entry(card, parts, results.baselines, variants=variants or {})


def entries_of_cards(cards: Sequence[WeightsCard], variants: Mapping[str, Variants]) -> list[Entry]:
    """An entry a card, then one for each recipe that was trained as its study did alone.

    `variants`: by recipe.
    """
    entries = [entry_of_card(card, variants.get(card.recipe)) for card in cards]
    alone = variants.keys() - {card.recipe for card in cards}
    for recipe in sorted(alone):
        own = variants[recipe]
        entries.append(Entry(next(iter(own.values())), {}, {}, variants=own))
    return entries


def rows(entries: Sequence[Entry]) -> list[list[str]]:
    """A line for each part of each variant of each entry, in `HEADER`'s order.

    The figures are of the disease that the recipe was made for.
    """
    lines_of_all = []
    for entry in entries:
        card = entry.card
        lines = _reported(card.recipe)
        for variant, own in entry.variants.items():
            lines += _lines_of_variant(variant, own)
        lines += _stage_lines(Variant.OURS, card) if entry.parts else []
        for name, summary in entry.parts.items():
            where = "clean test part" if name == TEST else held_out_name(name, card)
            baselines = entry.baselines.get(name, {})
            line = _line(Variant.OURS, where, summary, card, card.classes, baselines)
            line[-1] += "" if entry.same_split else ", another split"
            lines.append(line)
        first = f"**{card.recipe}**"
        lines_of_all += [[first if i == 0 else "", *line] for i, line in enumerate(lines)]
    return lines_of_all


def markdown(entries: Sequence[Entry]) -> str:
    """The table as Markdown."""
    return table(HEADER, rows(entries))


def write_comparison(
    compared: Sequence[Compared], variants: Mapping[str, Variants], path: Path
) -> None:
    """Write the report, self-contained.

    `variants`: by recipe. Raises CovidCoreError where it can't be written.
    """
    entries = [entry_of(one, variants) for one in compared]
    together = {
        name: embedded(comparison_plots.roc_together(compared, name))
        for name in dict.fromkeys(name for one in compared for name in one.parts)
    }
    write_page(
        _TEMPLATE,
        path,
        header=HEADER,
        rows=[[cell.replace("**", "").replace("`", "") for cell in row] for row in rows(entries)],
        together=together,
        networks=[(one, _answer(one.card.classes), _plots(one), _maps(one)) for one in compared],
    )


def entry_of(one: Compared, variants: Mapping[str, Variants]) -> Entry:
    """The figures that were measured just now."""
    parts = {name: part.summary for name, part in one.parts.items()}
    baselines = {name: part.baselines for name, part in one.parts.items()}
    return Entry(one.card, parts, baselines, one.same_split, variants.get(one.card.recipe, {}))


def start_in_words(init: str) -> str:
    """What a training started from, by its recipe's `init`."""
    if init in _STARTS:
        return _STARTS[init]
    file = Path(init)
    if (file.parent.name, file.stem) == ("weights", SHIPPED):
        return "the shipped weights, an earlier version"
    return f"`{file.parent.name or file.name}`"


_STARTS = {"random": "random weights", "imagenet": "ImageNet's weights", "": "not recorded"}


def _reported(recipe: str) -> list[list[str]]:
    """The figures that the recipe's study gives itself."""
    protocol = protocol_of(recipe)
    if protocol is None:
        return []
    studied = recipe_in(Variant.AS_PUBLISHED, recipe)
    stage = f"its first stage, {studied.phases[0].task}; another part of the dataset"
    kappa = "" if protocol.reported_kappa is None else f"{protocol.reported_kappa:.3f}"
    second = protocol.second[0].source if protocol.second else ""
    reported = [
        (stage, protocol.reported_stage, ""),
        (f"its own split ({protocol.reported_at})", protocol.reported, kappa),
        (f"a second source, `{second}`", protocol.reported_second, ""),
    ]
    shared_cells = {
        "Variant": "the study's figure",
        "Start": start_in_words(studied.init),
        "Made by": protocol.study,
    }
    return [
        _cells(shared_cells | {"Films": films, "Accuracy": f"{value:.3f}", "Cohen's kappa": kappa})
        for films, value, kappa in reported
        if value is not None
    ]


def _lines_of_variant(variant: str, card: WeightsCard) -> list[list[str]]:
    shared = card.results.shared
    own = {
        AS_PUBLISHED: f"its own split; {shared:.0%} of its test films share patient or picture with"
        f" training{_miscounted(card)}",
        CORRECTED: "its own films, split by patient and picture, one locked test part",
    }
    named = f"{variant}{_differences(variant, card)}"
    lines = _stage_lines(named, card)
    for name, _, summary in card.results.independent_parts:
        where = own[variant] if name == TEST else f"a second source, `{name}`"
        baselines = card.results.baselines.get(name, {})
        lines.append(_line(named, where, summary, card, card.classes, baselines))
    return lines


def _differences(variant: str, card: WeightsCard) -> str:
    """What a network has other than its recipe describes, in words; nothing where it has all."""
    if protocol_of(card.recipe) is None:
        return ""
    recipe = recipe_in(Variant(variant), card.recipe)
    words = ""
    if card.architecture != recipe.architecture:
        words += f", with {TITLES[card.architecture]} for {TITLES[recipe.architecture]}"
    if card.head_plan != recipe.head_plan:
        words += ", with another head than the recipe now has"
    return words


def _stage_lines(variant: str, card: WeightsCard) -> list[list[str]]:
    """What the networks came to that the card's own went on from."""
    return [
        _line(
            variant,
            f"stage {number}; {'its test part' if name == TEST else f'`{name}`, held out'}",
            summary,
            card,
            TASKS[task].outputs,
            {},
        )
        for number, (task, parts) in enumerate(card.results.stages.items(), start=1)
        for name, summary in parts.items()
    ]


def _miscounted(card: WeightsCard) -> str:
    """What the study took for its recall, where it was another class's."""
    protocol = protocol_of(card.recipe)
    positive = protocol.positive if protocol else card.classes[-1]
    counted = card.results.test.classes.get(Finding(positive))
    if positive == card.classes[-1] or counted is None:
        return ""
    return f"; it counted {positive} as positive: recall {counted.sensitivity.value:.3f}"


def _line(
    variant: str,
    where: str,
    summary: Summary,
    card: WeightsCard,
    classes: Sequence[Finding],
    baselines: Mapping[str, Baseline],
) -> list[str]:
    figures = summary.classes.get(classes[-1])
    best = best_baseline(baselines)
    return [
        variant,
        start_in_words(card.training.get("init", "")),
        f"{where}; {_answer(classes)}",
        str(summary.films),
        format_estimate(summary.accuracy),
        "" if summary.commonest is None else f"{summary.commonest:.3f}",
        f"{best[2].value:.3f}, {best[0]}" if best else "",
        *(format_estimate(getattr(figures, name)) if figures else "too few" for name in _FIGURES),
        "" if summary.kappa is None else f"{summary.kappa:.3f}",
        f"`{card.git_commit}`, seed {card.training.get('seed', '?')}",
    ]


def _cells(by_column: Mapping[str, str]) -> list[str]:
    """A line by its columns' names, but for the recipe's; the others stay empty."""
    return [by_column.get(name, "") for name in HEADER[1:]]


def _answer(classes: Sequence[Finding]) -> str:
    others = "normal" if tuple(classes[:-1]) == (Finding.NORMAL,) else "the rest"
    return f"{in_sentence(classes[-1])} against {others}"


def _plots(one: Compared) -> list[tuple[str, str]]:
    drawn = {
        "ROC": comparison_plots.roc(one),
        "Precision and recall": comparison_plots.precision_recall(one),
        "Calibration": comparison_plots.calibration(one),
        "Confusion": comparison_plots.confusion(one),
    }
    if one.card.history:
        drawn["Training"] = comparison_plots.curves(one)
    return [(title, embedded(figure)) for title, figure in drawn.items()]


def _maps(one: Compared) -> list[tuple[str, str]]:
    return [(kind, data_uri(png(drawn))) for kind, drawn in one.maps.items()]
