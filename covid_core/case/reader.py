"""The one way from a radiograph to its reading, in stages that each compute what is not there yet.

    read        gate, classifier, then `explain`
    explain     lungs, maps and opacity map, of a prediction that was made already, as in a batch
    check_maps  tests of the maps of some classes: one call of the classifier for each
    check       these, and what is checked of the film as a whole: one call more
    decide      another operating point: no network

No stage changes the record that it is given.
"""

from __future__ import annotations

import platform
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from covid_core.case.case_reading import Reading
from covid_core.engines.choice import Choice
from covid_core.engines.engine import Lanes
from covid_core.engines.machine import processor
from covid_core.explain.body import find_body
from covid_core.explain.checks import check_film, check_one_map, decide_again, withhold_explained
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.opacity_map import map_opacity
from covid_core.findings import Finding
from covid_core.model.card import SHIPPED, find_part
from covid_core.model.decision import SITE, OperatingPoint
from covid_core.predict.lungs import NAME, Lungs
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph

# What the bytes of a bundle depend on.
_PACKAGES = ("numpy", "pillow", "openvino", "torch", "safetensors", "fpdf2", "fonttools", "scipy")


@dataclass(frozen=True, slots=True, eq=False)
class CaseReader:
    """The networks and the index that read a radiograph.

    `known`: of the films that trained the weights; None where there is none. It holds no state
    between calls, so threads may share one.
    """

    predictor: Predictor
    lungs: Lungs
    known: KnownFilms | None = None

    @classmethod
    def load(
        cls,
        folder: str | Path,
        recipe: str = SHIPPED,
        *,
        choice: Choice = Choice.AUTO,
        lanes: Lanes | None = None,
    ) -> CaseReader:
        """A reader of a weights folder and the project's own gate and lungs.

        Raises WeightsError.
        """
        folder = Path(folder)
        predictor = Predictor.load(folder, recipe, choice=choice, lanes=lanes)
        known = KnownFilms.load(folder, predictor.card)
        lungs = Lungs.load(find_part(folder, NAME), choice, lanes)
        return cls(predictor, lungs, known)

    def read(self, radiograph: Radiograph) -> Reading:
        """The reading of a radiograph, without checks, decided at the balanced point.

        Raises Abstained where the gate finds no frontal chest radiograph.
        """
        return self.explain(radiograph, self.predictor.predict(radiograph))

    def explain(self, radiograph: Radiograph, prediction: Prediction) -> Reading:
        """The reading made from a prediction of this radiograph, without checks.

        `prediction`: by this reader's own predictor.
        """
        explain = self.predictor.explain
        maps = {finding: explain(prediction, finding) for finding in prediction.answers}
        lungs = self.lungs.inside(radiograph)
        opacity = map_opacity(prediction, self.predictor.card.preprocess)
        body = find_body(radiograph, lungs)
        return Reading(radiograph, prediction, lungs, body, MappingProxyType(maps), opacity)

    def check_maps(self, reading: Reading, *findings: Finding) -> Reading:
        """The reading with the maps of these classes tested."""
        made = {
            finding: check_one_map(
                self.predictor,
                reading.prediction,
                reading.maps[finding],
                reading.lungs,
            )
            for finding in dict.fromkeys(findings)
            if finding not in reading.map_checks
        }
        if not made:
            return reading
        return replace(reading, map_checks=MappingProxyType({**reading.map_checks, **made}))

    def check(self, reading: Reading, *findings: Finding) -> Reading:
        """The reading with all checks of the film and of the maps of these classes."""
        if reading.film_checks is None:
            film_checks = check_film(
                self.predictor, self.known, reading.radiograph, reading.prediction, reading.lungs
            )
            prediction = withhold_explained(reading.prediction, film_checks)
            reading = replace(reading, prediction=prediction, film_checks=film_checks)
        return self.check_maps(reading, *findings)

    def decide(self, reading: Reading, point: OperatingPoint) -> Reading:
        """The reading decided at another operating point; runs no network.

        Raises WeightsError where other weights made it.
        """
        prediction, film_checks = decide_again(
            self.predictor, reading.prediction, reading.film_checks, point
        )
        return replace(reading, prediction=prediction, film_checks=film_checks)

    def point(self, given: OperatingPoint) -> OperatingPoint:
        """The operating point of a name, as these weights have it now; a site's as it was given.

        Raises CovidCoreError where the weights have none of that name.
        """
        return given if given.name == SITE else self.predictor.card.rules.point(given.name)

    @property
    def identity(self) -> dict[str, str]:
        """What answers, each part by its SHA-256; "" for what there is not.

        `weights`, `gate`, `lungs`: of the file of tensors. `card`, `gate_card`, `lungs_card`: of
        what stands beside them, by `Record.digest`: preprocessing, thresholds, measured figures.
        `rules`: how logits become a call. `split`: of the manifest that trained it.
        """
        card, gate = self.predictor.card, self.predictor.gate
        return {
            "model": card.name,
            "recipe": card.recipe,
            "weights_sha256": card.sha256,
            "card_sha256": card.digest,
            "rules_sha256": card.rules_sha256,
            "split": card.split,
            "gate_sha256": gate.card.sha256 if gate else "",
            "gate_card_sha256": gate.card.digest if gate else "",
            "lungs_sha256": self.lungs.card.sha256,
            "lungs_card_sha256": self.lungs.card.digest,
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


def read_case(data: bytes, reader: CaseReader, *, sha256: str = "") -> Reading:
    """The reading of a file's bytes, with the checks of the film and of its likeliest class's map.

    `sha256`: the bytes' hex digest, where it is known already. Whoever wants the answer before the
    checks, which take longer, calls `CaseReader.read` and then `CaseReader.check`. Raises
    RefusedFile, Abstained.
    """
    reading = reader.read(read_radiograph(data, sha256))
    return reader.check(reading, reading.prediction.label)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
