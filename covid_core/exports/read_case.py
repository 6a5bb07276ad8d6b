"""The whole way of one film, from radiograph to all that is told of it: gate, network, lungs, map,
checks.

What a film's reading was asked and what answered it are plain values, so that the same may be asked
again of the same.
"""

from __future__ import annotations

import hashlib
import json
import platform
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from covid_core.engines.choice import Choice
from covid_core.engines.engine import Lanes
from covid_core.engines.machine import processor
from covid_core.explain.checks import check_reading
from covid_core.explain.known_films import KnownFilms
from covid_core.findings import Finding
from covid_core.model.card import SHIPPED
from covid_core.model.decision import SITE, OperatingPoint
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.present.overlay import displayed
from covid_core.present.result import Result
from covid_core.present.sentences import elsewhere_in_words
from covid_core.read.radiograph import Radiograph

LONGEST_PX = 2048  # of a film as it is shown
# What the bytes of a bundle depend on.
_PACKAGES = ("numpy", "pillow", "openvino", "torch", "safetensors", "fpdf2", "fonttools", "scipy")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reading is asked. `finding`: the class whose map is shown; None for the likeliest.
    `prevalence`: of the disease, 0 to 1. `made`: when, with its time zone."""

    point: OperatingPoint
    finding: Finding | None
    prevalence: float
    made: datetime


@dataclass(frozen=True, slots=True, eq=False)
class CaseReader:
    """What answers: the network behind its gate, the lungs, the index of training films, or None
    where these weights have none. It holds no state between calls."""

    predictor: Predictor
    lungs: Lungs
    known: KnownFilms | None

    @classmethod
    def load(
        cls,
        folder: Path,
        recipe: str = SHIPPED,
        *,
        choice: Choice = Choice.AUTO,
        lanes: Lanes | None = None,
    ) -> CaseReader:
        """All that a weights folder and the project's own hold. Raises WeightsError."""
        predictor = Predictor.load(folder, recipe, choice=choice, lanes=lanes)
        known = KnownFilms.load(folder, predictor.card)
        return cls(predictor, Lungs.load(choice=choice, lanes=lanes), known)

    def result(self, radiograph: Radiograph, asked: Asked) -> Result:
        """All that is told of a film, the same for the same film and question.

        Raises Abstained where the gate finds no frontal chest radiograph.
        """
        return self.told(radiograph, self.predictor.predict(radiograph), asked)

    def told(self, radiograph: Radiograph, prediction: Prediction, asked: Asked) -> Result:
        """The same, of the prediction that this reader's predictor made of the film."""
        predictor, card = self.predictor, self.predictor.card
        prediction = predictor.decide(prediction, asked.point)
        finding = asked.finding or prediction.label
        lungs = self.lungs.inside(radiograph)
        return Result(
            prediction=prediction,
            saliency=predictor.explain(prediction, finding),
            film=displayed(radiograph.film, LONGEST_PX),
            lungs=lungs,
            prevalence=asked.prevalence,
            made=asked.made,
            elsewhere=elsewhere_in_words(card, asked.point, card.classes[-1]),
            checks=check_reading(predictor, self.known, radiograph, prediction, finding, lungs),
        )

    def point(self, given: OperatingPoint) -> OperatingPoint:
        """The operating point of a name: the weights' own as they have it now, a site's as it was
        given. Raises CovidCoreError where the weights have none of that name."""
        return given if given.name == SITE else self.predictor.card.rules.point(given.name)

    @property
    def identity(self) -> dict[str, str]:
        """What answers, each by its SHA-256, so that another is told from it; "" for what there is
        not. `rules`: how logits become a call. `split`: of the manifest that trained it."""
        card, gate = self.predictor.card, self.predictor.gate
        rules = json.dumps(asdict(card.rules), sort_keys=True)
        return {
            "model": card.name,
            "recipe": card.recipe,
            "weights_sha256": card.sha256,
            "rules_sha256": hashlib.sha256(rules.encode()).hexdigest(),
            "split": card.split,
            "gate_sha256": gate.card.sha256 if gate else "",
            "lungs_sha256": self.lungs.card.sha256,
            "known_films_sha256": self.known.sha256 if self.known else "",
        }

    @property
    def surroundings(self) -> dict[str, str]:
        """What else its bytes may depend on: engine, processor, versions; by name."""
        return {
            "engine": self.predictor.engine.title,
            "processor": processor(),
            "python": platform.python_version(),
            "zlib": zlib.ZLIB_RUNTIME_VERSION,
            **_versions(_PACKAGES),
        }


def asked_of(result: Result) -> Asked:
    """What a result was asked."""
    decision = result.prediction.decision
    return Asked(decision.point, result.finding, result.prevalence, result.made)


def as_shown(result: Result, radiograph: Radiograph) -> Result:
    """The result with the film of its radiograph, as `CaseReader.result` shows it, and its time in
    a zone that has no name, which no file could keep."""
    made = datetime.fromisoformat(result.made.isoformat(timespec="seconds"))
    return replace(result, film=displayed(radiograph.film, LONGEST_PX), made=made)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
