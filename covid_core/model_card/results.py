"""The model card's section on results: what was measured of each part of films, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from covid_core.evaluation.choices import use_in_words
from covid_core.findings import Finding
from covid_core.metrics import told
from covid_core.model.card import WeightsCard
from covid_core.model.decision import CALIBRATED
from covid_core.present.markdown import table

_TITLES = {finding.value: finding.display_name for finding in Finding}


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
        f"### {part} ({summary['films']} films, {_independent(summary)})\n\n"
        f"{_summary(summary, card.classes)}"
        for part, summary in parts_by_weight(card)
    ]
    change = card.results.get("storage_change")
    words = "not measured" if change is None else f"{change:.5f}"
    blocks.append(f"Largest change of any test probability by storing in float16: {words}.")
    return "\n\n".join(blocks)


def held_out_name(source: str, card: WeightsCard) -> str:
    """A source held out, as the tables name it; and whether anything was chosen by it."""
    return f"`{source}`, never trained on, {use_in_words(source, card.training)}"


def parts_by_weight(card: WeightsCard) -> list[tuple[str, dict[str, Any]]]:
    """Every part that was measured, the most telling first: its name, and its summary."""
    held_out = card.results["held_out"].items()
    within = card.results["test_by_source"].items()
    return [
        *((held_out_name(source, card), summary) for source, summary in held_out),
        *((f"`{source}` alone, test part", summary) for source, summary in within),
        ("all sources together, test part", card.results["test"]),
    ]


def left_out_rows(cards: Mapping[str, WeightsCard]) -> list[list[str]]:
    """For each network that lacked a source, by class: source, label, films, AUROC at home and
    within that source, commit.
    """
    lines = []
    for card in cards.values():
        at_home = card.results["test"]["classes"]
        for source, summary in card.results["held_out"].items():
            for label, found in summary["classes"].items():
                home = told(at_home[label]["auroc"]) if label in at_home else ""
                away = told(found["auroc"])
                lines.append([source, label, str(summary["films"]), home, away, card.git_commit])
    return lines


def _measured_on(card: WeightsCard) -> str:
    if card.results.get("probabilities") == CALIBRATED:
        return (
            "Each film is called what has the largest calibrated probability, as its baselines are."
        )
    return (
        "Each film is called what has the largest probability before calibration (softmax), which"
        " training evens out over the classes: baselines know how frequent they are, and have the"
        " better of it."
    )


def _independent(summary: Mapping[str, Any]) -> str:
    """How many patients the films are of, as far as patients are known."""
    known = summary.get("patients_known")
    if known is None or known == 1:
        return f"{summary['groups']} independent"
    share = "no patient numbers" if known == 0 else f"patient numbers of {known:.0%} alone"
    return (
        f"{summary['groups']} different; {share}: films of one patient count as several, so the"
        " intervals are too narrow"
    )


def _summary(summary: dict[str, Any], classes: Sequence[str]) -> str:
    figures = [
        [_TITLES[label], *(told(per[name]) for name in ("auroc", "sensitivity", "specificity"))]
        for label, per in summary["classes"].items()
    ]
    header = ["Class against the rest", "AUROC", "Sensitivity", "Specificity"]
    confusion = [
        [f"{_TITLES[label]} (label)", *map(str, row)]
        for label, row in zip(classes, summary["confusion"], strict=True)
        if any(row)
    ]
    called = ["", *(f"{_TITLES[label]} (called)" for label in classes)]
    return f"""{table(header, figures)}

Accuracy {told(summary["accuracy"])}.

{table(called, confusion)}"""
