"""Stand-ins for a reading's checks: what the page makes of each outcome, whatever the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covid_core.explain.checks import Checks, FilmChecks, MapChecks
from covid_core.explain.known_films import KnownFilm, KnownFilms, Neighbour, Seen
from covid_core.explain.map_tests import MapCheck, MapTest
from covid_core.explain.shortcut_meter import ShortcutMeter
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import Rules
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph

TESTS = ("heat in the lungs", "deletion", "randomised weights", "flip consistency")
ZONES = (0.05, 0.1, 0.15, 0.2, 0.24, 0.26)


def map_check(finding: Finding, *failed: str) -> MapCheck:
    """The check of a map that fails the tests of these titles."""
    return MapCheck(
        finding,
        tuple(
            MapTest(title, title, 1.0, 0.5, title not in failed, f"Found of {title}.")
            for title in TESTS
        ),
    )


def meter(*, removed: float) -> ShortcutMeter:
    return ShortcutMeter(Finding.COVID, 0.9, 0.7, removed, False)


def known_film(number: int = 1, source: str = "radiography") -> KnownFilm:
    return KnownFilm(
        reference=f"COVID/COVID-{number}.png",
        source=source,
        finding=Finding.COVID,
        view="PA",
        age_group="adult",
        split="train",
        sha256=f"{number:064x}",
    )


def seen() -> Seen:
    return Seen(known_film(), 0, True)


def neighbours(each: int = 3) -> dict[Finding, tuple[Neighbour, ...]]:
    """So many of each class, the last of each from another source than the rest."""
    return {
        finding: tuple(
            Neighbour(known_film(10 * place + n, "nih" if n == each - 1 else "radiography"), 0.9)
            for n in range(each)
        )
        for place, finding in enumerate(CLASSES)
    }


def answer_covid(patch: pytest.MonkeyPatch) -> None:
    """Answer every film COVID-19 alone from now on, whatever the network makes of it."""

    def probabilities(rules: Rules, logits: np.ndarray) -> np.ndarray:
        return np.broadcast_to([0.02, 0.03, 0.95], np.shape(logits))

    patch.setattr(Rules, "probabilities", probabilities)


class Outcome:
    """What the checks find from now on, until a test says otherwise."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.failed: tuple[str, ...] = ()
        self.checks = Checks(
            meter(removed=0.01), None, map_check=map_check(Finding.COVID), zones=ZONES
        )
        patch.setattr("covid_core.case.reader.check_film", self._film)
        patch.setattr("covid_core.case.reader.check_one_map", self._map)

    def find(self, *failed: str, **found: object) -> None:
        """`failed`: titles of the tests that every map fails. `found`: fields of Checks."""
        self.failed = failed
        self.checks = replace(self.checks, **found)  # type: ignore[arg-type]

    def _film(
        self,
        predictor: Predictor,
        known: KnownFilms | None,
        radiograph: Radiograph,
        prediction: Prediction,
        lungs: np.ndarray,
    ) -> FilmChecks:
        of = self.checks
        return FilmChecks(of.meter, of.seen, of.neighbours, of.known_films)

    def _map(
        self,
        predictor: Predictor,
        prediction: Prediction,
        saliency: Saliency,
        lungs: np.ndarray,
    ) -> MapChecks:
        return MapChecks(map_check(saliency.finding, *self.failed), self.checks.zones)
