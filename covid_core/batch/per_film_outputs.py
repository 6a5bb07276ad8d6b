"""What scoring leaves of each film in a folder: its overlay, its case bundle.

Each is made as `pipeline.Explain` asks, and gives the share of the map that lies in the lungs, or
NaN where the map is withheld.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from covid_core.batch.pipeline import Explain, Film
from covid_core.errors import foreseen
from covid_core.explain.map_tests import check_map
from covid_core.exports.bundle import make_bundle
from covid_core.exports.read_case import Asked, CaseReader
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Prediction, Predictor
from covid_core.present.overlay import blend, displayed, png
from covid_core.read.radiograph import Radiograph
from covid_core.storage.atomic import write_whole

PREVALENCE = 0.1  # of the disease, where none was given
WITHHELD = "withheld"
_LONGEST_PX = 1024
_OPACITY = 0.5


def overlays(predictor: Predictor, lungs: Lungs, folder: Path) -> Explain:
    """Writes the film under its likeliest class's heat; without, where the map fails a test of
    itself, and then its name says so."""

    def explain(film: Film, radiograph: Radiograph, prediction: Prediction) -> float:
        finding = prediction.label
        with foreseen():
            saliency, inside = predictor.explain(prediction, finding), lungs.inside(radiograph)
            passed = check_map(predictor, radiograph, prediction, finding, inside).passed
            shown = displayed(radiograph.film, _LONGEST_PX)
            heat = saliency.heat(*shown.shape)
            overlay = png(blend(shown, heat, _OPACITY if passed else 0))
        label = finding.replace(" ", "-") if passed else WITHHELD
        name = f"{Path(film.name).stem}.{label}.{radiograph.sha256[:8]}.png"
        write_whole(folder / name, overlay)
        return saliency.share_inside(inside) if passed else float("nan")

    return explain


def bundles(reader: CaseReader, folder: Path, prevalence: float | None) -> Explain:
    """Writes the film's case bundle, under its digest: a file's name may be a patient's."""

    def explain(film: Film, radiograph: Radiograph, prediction: Prediction) -> float:
        made = datetime.now().astimezone().replace(microsecond=0)
        at = PREVALENCE if prevalence is None else prevalence
        asked = Asked(prediction.decision.point, prediction.label, at, made)
        with foreseen():
            result = reader.told(radiograph, prediction, asked)
            bundle = make_bundle(reader, radiograph, result)
        write_whole(folder / f"{result.name}.zip", bundle)
        return float("nan") if result.heat_withheld else result.heat_in_lungs

    return explain


def in_turn(*steps: Explain) -> Explain:
    """One after the other; gives the last one's share."""

    def explain(film: Film, radiograph: Radiograph, prediction: Prediction) -> float:
        return [step(film, radiograph, prediction) for step in steps][-1]

    return explain
