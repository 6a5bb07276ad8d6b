"""The model card's section on results: what was measured of each part of films, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from covid_core.findings import Finding
from covid_core.metrics import format_estimate
from covid_core.model.card import WeightsCard
from covid_core.model.choices import use_in_words
from covid_core.model.decision import CALIBRATED
from covid_core.model.results import TEST, UNSEEN, Summary
from covid_core.present.markdown import table


def results_section(card: WeightsCard) -> str:
    """Every part that was measured, and on which probabilities."""
    blocks = [
        """## Results

Where sources and classes go together, a network can tell the hospital instead of the disease. So
read the figures of all sources together last: those within one source, and above all those of a
source never trained on, say more.

"""
        + _measured_on(card)
    ]
    blocks += [
        f"### {part} ({summary.films} films, {_independent(summary)})\n\n"
        f"{_summary(summary, card.classes)}"
        for part, summary in parts_by_weight(card)
    ]
    change = card.results.storage_change
    words = "not measured" if change is None else f"{change:.5f}"
    blocks.append(f"Largest change of any test probability by storing in float16: {words}.")
    return "\n\n".join(blocks)


def held_out_name(source: str, card: WeightsCard) -> str:
    """A source held out, as the tables name it; and whether anything was chosen by it."""
    return f"`{source}`, {UNSEEN}, {use_in_words(source, card.training)}"


def parts_by_weight(card: WeightsCard) -> list[tuple[str, Summary]]:
    """Every part that was measured, the most meaningful first: its name in tables, its summary."""

    def title(name: str, unseen: bool) -> str:
        if unseen:
            return held_out_name(name, card)
        return f"{'all sources together' if name == TEST else f'`{name}` alone'}, test part"

    return [(title(name, unseen), summary) for name, unseen, summary in card.results.parts]


def left_out_rows(cards: Mapping[str, WeightsCard]) -> list[list[str]]:
    """A line for each network that lacked a source and each class.

    Source, label, films, AUROC at home and within that source, commit.
    """
    lines = []
    for card in cards.values():
        at_home = card.results.test.classes
        for source, summary in card.results.held_out.items():
            for label, found in summary.classes.items():
                home = format_estimate(at_home[label].auroc) if label in at_home else ""
                away = format_estimate(found.auroc)
                lines.append([source, label, str(summary.films), home, away, card.git_commit])
    return lines


def _measured_on(card: WeightsCard) -> str:
    if card.results.probabilities == CALIBRATED:
        return (
            "Each film is called what has the largest calibrated probability, as its baselines are."
        )
    return (
        "Each film is called what has the largest probability before calibration (softmax), which"
        " training evens out over the classes: baselines know how frequent they are, and have the"
        " better of it."
    )


def _independent(summary: Summary) -> str:
    """How many patients the films are of, as far as patients are known."""
    known = summary.patients_known
    if known is None or known == 1:
        return f"{summary.groups} independent"
    share = "no patient numbers" if known == 0 else f"patient numbers of {known:.0%} alone"
    return (
        f"{summary.groups} different; {share}: films of one patient count as several, so the"
        " intervals are too narrow"
    )


def _summary(summary: Summary, classes: Sequence[str]) -> str:
    figures = [
        [
            label.display_name,
            format_estimate(own.auroc),
            format_estimate(own.sensitivity),
            format_estimate(own.specificity),
        ]
        for label, own in summary.classes.items()
    ]
    header = ["Class against the rest", "AUROC", "Sensitivity", "Specificity"]
    confusion = [
        [f"{Finding(label).display_name} (label)", *map(str, row)]
        for label, row in zip(classes, summary.confusion, strict=True)
        if any(row)
    ]
    called = ["", *(f"{Finding(label).display_name} (called)" for label in classes)]
    return f"""{table(header, figures)}

Accuracy {format_estimate(summary.accuracy)}{_kappa(summary)}.

{table(called, confusion)}"""


def _kappa(summary: Summary) -> str:
    return "" if summary.kappa is None else f", Cohen's kappa {summary.kappa:.3f}"
