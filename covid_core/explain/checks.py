"""What is checked of one film's answer before it is believed.

Does the film explain the answer without its lungs, does the map pass its self-test, which
lung zones does it point at, was the film seen in training, and which training films are nearest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from covid_core.explain.lung_zones import ATTENTION_NOTE, ZONE_TITLES, ZONES, attention_by_zone
from covid_core.explain.map_tests import MapCheck, check_map
from covid_core.explain.shortcut_meter import ShortcutMeter, read_meter
from covid_core.findings import Finding
from covid_core.model.decision import OperatingPoint
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph

if TYPE_CHECKING:
    from covid_core.explain.known_films import KnownFilm, KnownFilms, Neighbour, Seen


EXPLAINED = "The score does not come from the lungs."
NO_METER = "Not measured: no lungs were found, so none could be removed."
NO_ZONES = "No shares by lung zone: two lungs were not found, or none of the evidence lies in them."
_DIGITS = 4  # of a similarity: sums of float32, whose last digits hang on the order


@dataclass(frozen=True, slots=True)
class FilmChecks:
    """The checks of a film, whichever class's map is shown.

    `meter`: None where no lungs were found. `seen`: the training film that it is, or is a copy of;
    None where there is none. `neighbours`: the nearest training films of each class. `known_films`:
    SHA-256 of the index in which both were sought; "" where these weights have none.
    """

    meter: ShortcutMeter | None
    seen: Seen | None
    neighbours: Mapping[Finding, tuple[Neighbour, ...]] = field(default_factory=dict)
    known_films: str = ""

    def at(self, prediction: Prediction) -> Self:
        """The same checks of a film that is decided as its prediction says."""
        return replace(self, meter=self.meter and self.meter.at(prediction))


@dataclass(frozen=True, slots=True)
class MapChecks:
    """The checks of one class's map over a film.

    `zones`: the share of attention by lung zone, in the order of ZONES; None where there are no two
    lungs, or no evidence in them.
    """

    map_check: MapCheck
    zones: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks(FilmChecks):
    """The checks of a film and of one class's map over it, together; its fields are theirs."""

    map_check: MapCheck
    zones: tuple[float, ...] | None

    @classmethod
    def of(cls, film: FilmChecks, shown: MapChecks) -> Checks:
        """Both together. `shown`: of the map that is shown."""
        return cls(
            film.meter,
            film.seen,
            film.neighbours,
            film.known_films,
            map_check=shown.map_check,
            zones=shown.zones,
        )


AnyChecks = TypeVar("AnyChecks", FilmChecks | None, Checks | None)


def check_film(
    predictor: Predictor,
    known: KnownFilms | None,
    radiograph: Radiograph,
    prediction: Prediction,
    lungs: np.ndarray,
) -> FilmChecks:
    """The checks of a film as a whole; the same for the same film.

    `radiograph`: what the prediction was made of. `known`: the index of training films, or None
    where these weights have none. `lungs`: where they are over the whole film, bool (h, w). Raises
    WeightsError where other weights made the prediction.
    """
    seen = known.seen(radiograph) if known else None
    return FilmChecks(
        meter=read_meter(predictor, prediction, lungs),
        seen=seen,
        neighbours=known.nearest(prediction, seen=seen) if known else {},
        known_films=known.sha256 if known else "",
    )


def withhold_explained(prediction: Prediction, checks: FilmChecks | None) -> Prediction:
    """The prediction, its answer withheld where what lies outside the lungs explains it.

    `checks`: as they are at the prediction's own operating point; None where none were made.
    """
    meter = checks.meter if checks else None
    if meter is None or not meter.explained or not prediction.decision.usable:
        return prediction
    return replace(prediction, decision=prediction.decision.withheld(EXPLAINED))


def decide_again(
    predictor: Predictor, prediction: Prediction, checks: AnyChecks, point: OperatingPoint
) -> tuple[Prediction, AnyChecks]:
    """The prediction and its checks at another operating point; runs no network.

    The answer is withheld where the checks forbid its use. Raises WeightsError where other weights
    made the prediction.
    """
    decided = predictor.decide(prediction, point)
    if checks is not None:
        checks = checks.at(decided)
    return withhold_explained(decided, checks), checks


def check_one_map(
    predictor: Predictor,
    prediction: Prediction,
    saliency: Saliency,
    lungs: np.ndarray,
) -> MapChecks:
    """The checks of one class's map over a film; the rest as `check_film`."""
    checked = check_map(predictor, prediction, saliency, lungs)
    return MapChecks(checked, attention_by_zone(saliency, lungs))


def map_counts(prediction: Prediction, check: MapCheck) -> bool:
    """Whether a map's figures count: it passed its tests, and the answer may be used."""
    return check.passed and prediction.decision.usable


def checks_json(checks: Checks) -> dict[str, Any]:
    """The checks as plain values for `json.dumps`, without NaN: null where there is no figure.

    `shortcut_meter`: scores for `finding` of the whole film, of the lungs alone and without them;
    null where no lungs were found. `map`: the tests of the map of `finding`; where one failed, it
    is not shown. `zones`: share of the map by lung zone, null where there are no two lungs or
    nothing in them. `known_films_sha256`: of the index of training films, null where there is none;
    then `seen` is null and `nearest` empty. `seen`: the training film that this is a copy of.
    `nearest`: by class, the nearest training films, the most similar first.
    """
    seen = checks.seen
    return {
        "shortcut_meter": _meter(checks.meter),
        "map": {
            "finding": checks.map_check.finding.value,
            "passed": checks.map_check.passed,
            "sentence": checks.map_check.sentence,
            "tests": [
                {**asdict(test), "value": rounded(test.value), "limit": rounded(test.limit)}
                for test in checks.map_check.tests
            ],
        },
        "zones": _zones(checks.zones),
        "known_films_sha256": checks.known_films or None,
        "seen": seen
        and {
            "sentence": seen.sentence,
            "distance": seen.distance,
            "exact": seen.exact,
            "film": _film(seen.film),
        },
        "nearest": {
            finding.value: [
                {"similarity": round(one.similarity, _DIGITS), "film": _film(one.film)}
                for one in found
            ]
            for finding, found in checks.neighbours.items()
        },
    }


def _film(film: KnownFilm) -> dict[str, Any]:
    return {**asdict(film), "reference": film.export_name}


def check_sentences(checks: Checks, *, drawn: bool) -> list[str]:
    """All of them but the neighbours, a sentence each.

    `drawn`: whether the map is shown; where it is not, nothing is said of what it points at.
    """
    meter = checks.meter.sentence if checks.meter else NO_METER
    zones = [zones_in_words(checks.zones)] if drawn else []
    return [meter, checks.map_check.sentence, *zones, seen_in_words(checks)]


def zones_in_words(zones: tuple[float, ...] | None) -> str:
    """The zones' shares in one sentence, and what they are not."""
    if zones is None:
        return NO_ZONES
    shares = ", ".join(
        f"{ZONE_TITLES[zone]} {share:.0%}" for zone, share in zip(ZONES, zones, strict=True)
    )
    return f"Of the map inside the lungs: {shares}. {ATTENTION_NOTE}"


def seen_in_words(checks: Checks) -> str:
    """Whether the film was seen in training, as far as that is known."""
    if checks.seen:
        return checks.seen.sentence
    if checks.known_films:
        return "Not seen before: no film that trained these weights looks the same."
    return "Whether it was seen in training is not known: these weights have no index of films."


def nearest_in_words(found: tuple[Neighbour, ...]) -> str:
    """The nearest training films of one class: source, view, age group, similarity of each."""
    films = [
        f"{one.film.source}, {', '.join(_described(one.film))} ({one.similarity:.2f})"
        for one in found
    ]
    return "; ".join(films) or "none"


def rounded(value: float | None) -> float | None:
    """A figure for JSON, to six digits; None where it is none."""
    return None if value is None or not math.isfinite(value) else round(value, 6)


def _meter(meter: ShortcutMeter | None) -> dict[str, Any] | None:
    if meter is None:
        return None
    scores = ("whole", "lungs_only", "lungs_removed")
    return {
        "finding": meter.finding.value,
        **{name: rounded(getattr(meter, name)) for name in scores},
        "explained": meter.explained,
        "sentence": meter.sentence,
    }


def _zones(zones: tuple[float, ...] | None) -> dict[str, Any] | None:
    if zones is None:
        return None
    return {
        "note": ATTENTION_NOTE,
        "shares": {zone: rounded(share) for zone, share in zip(ZONES, zones, strict=True)},
        "titles": dict(ZONE_TITLES),
    }


def _described(film: KnownFilm) -> list[str]:
    """View and age group, as far as they are known."""
    view = f"{film.view} view" if film.view else "view unknown"
    return [view, film.age_group or "age unknown"]
