"""What was set out to be reached within sources of both kinds: of which figure, at least what."""

from __future__ import annotations

from collections.abc import Callable

from covid_core.evaluation.within_source import (
    CALLED_COVID,
    CALLED_NORMAL,
    MEAN,
    OF_OPACITY,
    TYPICAL,
)
from covid_core.metrics import Estimate
from covid_core.model.results import OPACITY_MAP, POPULATIONS, Results, WithinSource

SIIM, RSNA = "siim-covid19", "rsna-pneumonia"


def _contrast(own: WithinSource, name: str, score: str) -> Estimate | None:
    return own.contrasts.get(name, {}).get(score, {}).get("all")


def typical_against_negative(own: WithinSource, score: str = "p_covid") -> Estimate | None:
    """How well a score separates films read as typical from those read as negative."""
    return _contrast(own, TYPICAL, score)


def _peak(own: WithinSource, name: str) -> Estimate | None:
    return found.peak if (found := own.maps.get(name)) else None


def _heat(own: WithinSource, name: str) -> Estimate | None:
    return found.heat if (found := own.maps.get(name)) else None


def _mean_appearance(own: WithinSource) -> Estimate | None:
    found = (own.appearance or {}).get(MEAN)
    return found.auroc if found else None


# Source, what is measured in it, the figure among the source's, at least (or at most) what.
WITHIN: tuple[tuple[str, str, Callable[[WithinSource], Estimate | None], str, float], ...] = (
    (SIIM, "typical against negative, p_covid", typical_against_negative, ">=", 0.92),
    (
        SIIM,
        "typical against negative, 1 - p_normal",
        lambda own: typical_against_negative(own, "1 - p_normal"),
        ">=",
        0.96,
    ),
    (
        SIIM,
        "negatives called normal",
        lambda own: (own.negatives or {}).get(CALLED_NORMAL),
        ">=",
        0.70,
    ),
    (
        SIIM,
        "negatives called COVID-19",
        lambda own: (own.negatives or {}).get(CALLED_COVID),
        "<=",
        0.05,
    ),
    (SIIM, "appearances, mean AUROC of one against the rest", _mean_appearance, ">=", 0.80),
    (
        RSNA,
        "opacity against other abnormality, p_pneumonia",
        lambda own: _contrast(own, OF_OPACITY, "p_pneumonia"),
        ">=",
        0.85,
    ),
    (SIIM, "COVID-19 map, its peak in a box", lambda own: _peak(own, "covid"), ">=", 0.75),
    (
        SIIM,
        "COVID-19 map, heat in boxes over their area",
        lambda own: _heat(own, "covid"),
        ">=",
        2.2,
    ),
    (RSNA, "opacity map, its peak in a box", lambda own: _peak(own, OPACITY_MAP), ">=", 0.90),
)


def find_within(
    results: Results, source: str, figure: Callable[[WithinSource], Estimate | None]
) -> tuple[str, Estimate | None]:
    """A figure of a source's own films that did not train: of which population, and the figure.

    None where it was not measured.
    """
    for population in POPULATIONS:
        own = results.within_source.get(source, {}).get(population)
        found = figure(own) if own else None
        if found is not None:
            return population, found
    return POPULATIONS[0], None
