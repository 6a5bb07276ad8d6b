"""A comparison of several networks: the table that a README shows, and one HTML file.

The inflated figure and the honest one stand one above the other: a study's own split, the clean
test part of one manifest, and sources that never trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from covid_core.decision import in_sentence
from covid_core.evaluation import figures
from covid_core.evaluation.compare import Compared
from covid_core.findings import Finding
from covid_core.goals import TEST
from covid_core.markdown import replace_block, table
from covid_core.metrics import told
from covid_core.model_card import held_out_name
from covid_core.overlay import data_uri, png
from covid_core.pages import embedded, write_page
from covid_core.training.recipe import read_recipe, recipe_names
from covid_core.weights import WeightsCard

_TEMPLATE = Path(__file__).with_name("comparison.html")
_FIGURES = ("auroc", "sensitivity", "specificity", "precision", "f1")
HEADER = ("Recipe", "Films", "n", "Accuracy", "Always the commonest", "AUROC",
          "Sensitivity (recall)", "Specificity", "Precision", "F1", "Made by")  # fmt: skip
RECIPES_BLOCK = "recipes"  # the block of a README


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipe's lines of the table. `parts`: what was tested on, by name, to its summary, as
    `evaluate.summarise` gives it. `published`: the card of the same recipe trained as published."""

    card: WeightsCard
    parts: Mapping[str, Mapping[str, Any]]
    same_split: bool = True
    published: WeightsCard | None = None


def entry_of_card(card: WeightsCard, published: WeightsCard | None = None) -> Entry:
    """The figures that train.py left in the card."""
    return Entry(card, _parts_of_card(card), published=published)


def rows(entries: Sequence[Entry]) -> list[list[str]]:
    """A line for each part of each entry, in `HEADER`'s order, for the disease it was made for."""
    lines_of_all = []
    for entry in entries:
        summary: Mapping[str, Any]
        first = f"**{entry.card.recipe}**, {_answer(entry.card)}"
        lines = []
        if entry.published:
            shared = entry.published.results.get("shared", 0.0)
            for name, summary in _parts_of_card(entry.published).items():
                where = f"the study's second source, `{name}`"
                if name == TEST:
                    where = (
                        f"the study's own split{_reported(entry.card)}; {shared:.0%} of its test"
                        " films share patient or picture with training"
                    )
                lines.append(_line(where, summary, entry.published))
        for name, summary in entry.parts.items():
            where = "clean test part" if name == TEST else held_out_name(name, entry.card)
            line = _line(where, summary, entry.card)
            line[-1] += "" if entry.same_split else ", another split"
            lines.append(line)
        lines_of_all += [[first if i == 0 else "", *line] for i, line in enumerate(lines)]
    return lines_of_all


def markdown(entries: Sequence[Entry]) -> str:
    """The table as Markdown."""
    return table(HEADER, rows(entries))


def write_recipes(entries: Sequence[Entry], readme: Path) -> None:
    """Replace what stands between `<!-- recipes -->` and `<!-- /recipes -->` in a Markdown file."""
    replace_block(readme, RECIPES_BLOCK, markdown(entries))


def write_comparison(
    compared: Sequence[Compared], published: Mapping[str, WeightsCard], path: Path
) -> None:
    """Write the report, self-contained. Raises CovidCoreError where it can't be written."""
    entries = [entry_of(one, published) for one in compared]
    together = {
        name: embedded(figures.roc_together(compared, name))
        for name in dict.fromkeys(name for one in compared for name in one.parts)
    }
    write_page(
        _TEMPLATE,
        path,
        header=HEADER,
        rows=[[cell.replace("**", "").replace("`", "") for cell in row] for row in rows(entries)],
        together=together,
        networks=[(one, _answer(one.card), _plots(one), _maps(one)) for one in compared],
    )


def entry_of(one: Compared, published: Mapping[str, WeightsCard]) -> Entry:
    """The figures that were measured just now."""
    parts = {name: part.summary for name, part in one.parts.items()}
    return Entry(one.card, parts, one.same_split, published.get(one.card.recipe))


def _parts_of_card(card: WeightsCard) -> dict[str, dict[str, Any]]:
    return {TEST: card.results["test"], **card.results["held_out"]}


def _line(where: str, summary: Mapping[str, Any], card: WeightsCard) -> list[str]:
    figure = summary["classes"].get(card.classes[-1], {})
    return [
        where,
        str(summary["films"]),
        told(summary["accuracy"]),
        f"{summary['commonest']:.3f}" if "commonest" in summary else "",
        *(told(figure[name]) if name in figure else "too few" for name in _FIGURES),
        f"`{card.git_commit}`, seed {card.training.get('seed', '?')}",
    ]


def _answer(card: WeightsCard) -> str:
    disease = in_sentence(card.classes[-1])
    others = card.classes[:-1]
    if others == (Finding.NORMAL,):
        return f"{disease} against normal"
    return f"{disease} against the rest"


def _reported(card: WeightsCard) -> str:
    if card.recipe not in recipe_names():
        return ""
    published = read_recipe(card.recipe).published
    return f" (it reports {published.reported:.3f})" if published else ""


def _plots(one: Compared) -> list[tuple[str, str]]:
    drawn = {
        "ROC": figures.roc(one),
        "Precision and recall": figures.precision_recall(one),
        "Calibration": figures.calibration(one),
        "Confusion": figures.confusion(one),
    }
    if one.card.history:
        drawn["Training"] = figures.curves(one)
    return [(title, embedded(figure)) for title, figure in drawn.items()]


def _maps(one: Compared) -> list[tuple[str, str]]:
    return [(kind, data_uri(png(drawn))) for kind, drawn in one.maps.items()]
