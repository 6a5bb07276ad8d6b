"""What each map and category that is shown is worth: one line each, from the weights' card.

The figures are those within sources, measured within hospitals against what
radiologists boxed and read.
"""

from __future__ import annotations

from dataclasses import dataclass

from covid_core.findings import Appearance, Finding, listed_in_words
from covid_core.model.calls import Calls
from covid_core.model.card import WeightsCard
from covid_core.model.choices import choices_by, use_in_words
from covid_core.model.decision import SITE, OperatingPoint
from covid_core.model.results import OPACITY_MAP, TEST
from covid_core.model.tiers import LIKELY, in_sentence
from covid_core.present.point_words import NOT_TRAINED_ON, calls_elsewhere, share_with_interval
from covid_core.present.populations import parts_within
from covid_core.present.sentences import in_percent

_MAP_UNMEASURED = "Not measured: how often it points at what radiologists box."
_UNCHECKED = "Counted before the checks, which withhold some answers."
_CATEGORY_UNMEASURED = "Not measured: how often radiologists chose the same category."


@dataclass(frozen=True, slots=True)
class Worth:
    """What was measured of a class's map, of the opacity map and of the RSNA category.

    One line each; "" of what these weights do not give.
    """

    evidence: str = ""
    opacity: str = ""
    category: str = ""

    @classmethod
    def of(cls, card: WeightsCard, finding: Finding, category: Appearance | None) -> Worth:
        """What the card has of this class's map and of this category."""
        return cls(
            evidence=map_worth(card, finding),
            opacity=opacity_worth(card) if card.opacity_map else "",
            category=category_worth(card, category) if category else "",
        )


def calls_worth(card: WeightsCard, point: OperatingPoint) -> str:
    """What the answers at a point came to, at home and where nothing was trained, in one line.

    A site's own point: on its own films alone. "" where nothing was measured.
    """
    name = in_sentence(card.classes[-1])
    if point.name == SITE:
        return _calls("this site's own films", point.calls, name)
    at_home = card.trust.get(TEST)
    where = f"{at_home.films:,} test films" if at_home else "the test films"
    lines = [_calls(where, point.calls, name)]
    for source, calls in calls_elsewhere(card, point).items():
        where = f"{card.trust[source].films:,} films of {NOT_TRAINED_ON}"
        if choices_by(source, card.training):
            where += f", {use_in_words(source, card.training)}"
        lines.append(_calls(where, calls, name))
    found = [line for line in lines if line]
    return " ".join([*found, _UNCHECKED] if found else [])


def _calls(where: str, calls: Calls | None, name: str) -> str:
    """What the answers came to there."""
    if calls is None:
        return ""
    diseased = sum(count.diseased for count in calls.counts)
    likely = sum(count.diseased for count in calls.counts if count.tier in LIKELY)
    share = f" ({in_percent(likely / diseased)} likely)" if diseased else ""
    return (
        f"Of {where}: {in_percent(calls.flagged.value)} of those with {name} were called likely or"
        f" possible{share}, {in_percent(calls.missed)} were missed;"
        f" {in_percent(calls.false_alarms.value)} of the others were false alarms;"
        f" {in_percent(1 - calls.decided.value)} of all were left undecided."
    )


def map_worth(card: WeightsCard, finding: Finding) -> str:
    """How often the map of a class points into a radiologist's box, in one line."""
    return _pointing(card, finding.value)


def opacity_worth(card: WeightsCard) -> str:
    """How often the opacity map points into a radiologist's box, in one line."""
    return _pointing(card, OPACITY_MAP)


def category_worth(card: WeightsCard, category: Appearance) -> str:
    """How well an RSNA category is separated from the rest, in one line."""
    found = []
    for title, own in parts_within(card.results.within_source):
        figures = own.appearance or {}
        if category.value in figures:
            one, mean = (figures[name].auroc for name in (category.value, "mean"))
            found.append(
                f"AUROC {one.value:.2f} ({one.low:.2f} to {one.high:.2f}), the mean of all"
                f" categories {mean.value:.2f}, on {one.n:,} films ({title})"
            )
    if not found:
        return _CATEGORY_UNMEASURED
    return f"Measured: {category.value} against the rest, {'; '.join(found)}."


def _pointing(card: WeightsCard, name: str) -> str:
    """How often the hottest point of one map lies in a box, and how often one fixed point does."""
    parts = [
        (title, own.maps[name])
        for title, own in parts_within(card.results.within_source)
        if name in own.maps
    ]
    if not parts:
        return _MAP_UNMEASURED
    hits = [
        f"{share_with_interval(figures.peak)} of {figures.films:,} films ({title})"
        for title, figures in parts
    ]
    fixed = [in_percent(figures.fixed_point.value) for _, figures in parts]
    return (
        f"Measured: its highest point lies in a radiologist's box on {listed_in_words(hits)};"
        " always pointing at one and the same spot, the best there is, on"
        f" {listed_in_words(fixed)}."
    )
