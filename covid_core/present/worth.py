"""What an answer, and each map and category that is shown, is worth: one line each, from the card.

Figures of maps and categories are those within sources, measured within hospitals against what
radiologists boxed and read.
"""

from __future__ import annotations

from dataclasses import dataclass

from covid_core.findings import Appearance, Finding, listed_in_words
from covid_core.model.calls import Calls
from covid_core.model.card import WeightsCard
from covid_core.model.choices import choices_by, use_in_words
from covid_core.model.decision import SITE, SITE_FILMS, Decision, OperatingPoint
from covid_core.model.results import OPACITY_MAP, TEST
from covid_core.model.tiers import in_sentence
from covid_core.present.point_words import NOT_TRAINED_ON, calls_elsewhere, share_with_interval
from covid_core.present.populations import parts_within
from covid_core.present.sentences import in_percent
from covid_core.sources import title_of

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


def answer_worth(card: WeightsCard, decision: Decision, prevalence: float) -> str:
    """How many films with this very answer have the disease, at home and elsewhere, in one line.

    `prevalence`: 0 to 1. "" where that was not measured, and of an answer that must not be used.
    """
    point, tier, name = decision.point, decision.tier, in_sentence(card.classes[-1])
    here = point.disease_given(tier, prevalence) if decision.usable else None
    if here is None:
        return ""
    films = SITE_FILMS if point.name == SITE else "the test films"
    elsewhere = [
        f"; {share_with_interval(there)} at {NOT_TRAINED_ON}"
        for calls in calls_elsewhere(card, point).values()
        if (there := calls.disease_given(tier, prevalence))
    ]
    return (
        f"At a {name} prevalence of {in_percent(prevalence)}, {share_with_interval(here)} of"
        f" radiographs with this answer have {name} by {films}{''.join(elsewhere)}."
    )


def calls_worth(card: WeightsCard, point: OperatingPoint) -> str:
    """What the answers at a point came to where nothing was trained, and at home, in one line.

    Flagged is what is called likely or possible. A site's own point: on its own films alone. ""
    where nothing was measured.
    """
    calls = point.calls
    if calls is None:
        return ""
    at_home, name = card.trust.get(TEST), in_sentence(card.classes[-1])
    if point.name == SITE:
        here = f"On {SITE_FILMS}, which chose its rule as well"
    else:
        here = f"On {at_home.films:,} test films" if at_home else "On the test films"
    elsewhere = [
        f"At a hospital that was not used in training{_choices(card, source)},"
        f" {_in_tenths(there.false_alarms.value)} films without {name} were flagged too (likely or"
        f" possible); {_flagged_and_missed(there)} ({card.trust[source].films:,} films)."
        for source, there in calls_elsewhere(card, point).items()
    ]
    home = (
        f"{here}: {in_percent(calls.false_alarms.value)} of those without {name} were flagged;"
        f" {_flagged_and_missed(calls)}."
    )
    return " ".join([*elsewhere, home, _UNCHECKED])


def _choices(card: WeightsCard, source: str) -> str:
    """That a source which trained nothing chose something, in brackets; "" where it did not."""
    if not choices_by(source, card.training):
        return ""
    return f" ({use_in_words(source, card.training)})"


def _flagged_and_missed(calls: Calls) -> str:
    """In per cent: flagged and missed of those with the disease, undecided of all."""
    return (
        f"of those with it {in_percent(calls.flagged.value)} were flagged and"
        f" {in_percent(calls.missed)} missed, and {in_percent(1 - calls.decided.value)} of all were"
        " undecided"
    )


def _in_tenths(share: float) -> str:
    """A share, 0 to 1, as so many of ten."""
    tenths = round(10 * share)
    if tenths in (0, 10) and 0 < share < 1:
        return "more than 9 of 10" if tenths else "fewer than 1 of 10"
    return f"{tenths} of 10"


def map_worth(card: WeightsCard, finding: Finding) -> str:
    """How often the map of a class points into a radiologist's box, in one line."""
    return _pointing(card, finding.value)


def opacity_worth(card: WeightsCard) -> str:
    """How often the opacity map points into a radiologist's box, in one line."""
    return _pointing(card, OPACITY_MAP)


def category_worth(card: WeightsCard, category: Appearance) -> str:
    """How well an RSNA category is separated from the rest, in one line."""
    found = []
    for title, own in parts_within(card.results.within_source, title_of):
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
        for title, own in parts_within(card.results.within_source, title_of)
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
