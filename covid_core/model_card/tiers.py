"""The model card's section on the answers in a report's words: what they are worth, and the goals.

Written from what `evaluation.tier_figures` left in the weights' card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from covid_core.evaluation.targets import MET, Goal, tier_goals
from covid_core.metrics import Estimate, format_estimate
from covid_core.model.card import WeightsCard
from covid_core.model.decision import BALANCED, COVERAGE
from covid_core.model.results import TEST, TierFigures
from covid_core.present.markdown import table
from covid_core.training.fit_rules import COVERAGES, RIGHT


def tiers_section(card: WeightsCard) -> str:
    """Figures of each part and operating point, and the goals; "" of an older card without any."""
    measured = {part: worth.tiers for part, worth in card.trust.items() if worth.tiers}
    if not measured:
        return ""
    header = [
        "Films",
        "Point",
        "Decided",
        "Right, of those",
        "Normal seen as such",
        "Sensitivity",
        "Specificity",
        "Flagged without COVID-19",
    ]
    rows = [
        [part, point, *_figures(own)]
        for part, points in measured.items()
        for point, own in points.items()
    ]
    counts = [
        [part, tier, *map(str, films)]
        for part, points in measured.items()
        if BALANCED in points
        for tier, films in points[BALANCED].counts.items()
    ]
    goals = [[goal.name, goal.required, goal.measured, _verdict(goal)] for goal in tier_goals(card)]
    return f"""## The answer in a report's words

The prediction set and the operating point make the answer. "Decided": not undecided. "Right": the
label is one of those that the answer names: COVID-19 for likely; COVID-19 or other pneumonia for
possible; other pneumonia for unlikely; normal where none is seen. Sensitivity and specificity are
of calling COVID-19 likely or possible. Each film counts, whatever the gate says of it.

{table(header, rows)}

Films by answer at the balanced point, and by label:

{table(["Films", "Answer", *(one.display_name for one in card.classes)], counts)}

{table(["Goal, at the balanced point", "Required", "Measured", "Met"], goals)}"""


def fitted_sets(card: WeightsCard) -> str:
    """How prediction sets were fitted (`training.fit_rules`), as far as the card's age shows."""
    if card.results.probabilities is None:  # before small sources counted in part
        return ""
    words = (
        " A source of fewer than 100 films of a class counts in part only, the rest is that of the"
        " class over all sources."
    )
    if not card.trust[TEST].tiers:  # before films chose the share
        return words
    return (
        f"{words} The share is the one of {COVERAGES[0]:.0%} to {COVERAGES[-1]:.0%} with which most"
        f" validation films are decided while {RIGHT:.0%} of these are right, or {COVERAGE:.0%}"
        " where there is none."
    )


def tier_lines(measured: Mapping[str, TierFigures]) -> Iterator[str]:
    """One part's figures for a terminal, a line for each operating point."""
    for point, own in measured.items():
        decided, right, normal, found, cleared, flagged = _figures(own)
        yield (
            f"{point}: decided {decided}, right of those {right}, normal seen as such {normal},"
            f" sensitivity {found}, specificity {cleared}, flagged without the disease {flagged}"
        )


def _figures(own: TierFigures) -> list[str]:
    shares = (own.decided, own.right, own.normal_seen, own.sensitivity, own.specificity)
    flagged = f"{own.flagged_without} of {own.without_disease}" if own.without_disease else "–"
    return [*map(_shown, shares), flagged]


def _shown(share: Estimate | None) -> str:
    return format_estimate(share) if share else "–"


def _verdict(goal: Goal) -> str:
    if goal.margin is None:
        return ""
    points = f"by {abs(100 * goal.margin):.1f} points"
    return f"yes, {points}" if goal.verdict == MET else f"**no**, {points}"
