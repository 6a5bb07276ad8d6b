"""What scoring writes of each film in a folder beside its row: its overlays, its case bundle."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

from covid_core.batch.pipeline import Explain, Explained, Film
from covid_core.case.case_reading import Reading
from covid_core.case.reader import CaseReader
from covid_core.errors import foreseen
from covid_core.exports.bundle import make_bundle
from covid_core.exports.request import ExportRequest, result_of
from covid_core.predict.predictor import Prediction
from covid_core.present.flags import flags_of
from covid_core.present.overlay import OPACITY_COLOURS, blend, displayed, png
from covid_core.read.radiograph import Radiograph
from covid_core.storage.atomic import write_whole

PREVALENCE = 0.1  # of the disease, where none was given
WITHHELD, OPACITY = "withheld", "opacity"  # in names of overlays
_LONGEST_PX = 1024
_OPACITY = 0.5


def output_writer(
    reader: CaseReader, *, overlays: Path | None, bundles: Path | None, prevalence: float | None
) -> Explain:
    """A function that writes the overlay and the bundle of each film.

    Each goes into its folder, and is not written where that is None.
    """

    def explain(film: Film, radiograph: Radiograph, prediction: Prediction) -> Explained:
        finding = prediction.label
        with foreseen():
            reading = reader.explain(radiograph, prediction)
            reading = reader.check(reading, finding)
        if overlays:
            write_overlay(reading, Path(film.name).stem, overlays)
        if bundles:
            write_bundle(reader, reading, bundles, PREVALENCE if prevalence is None else prevalence)
        share = reading.heat_in_lungs(finding)
        in_lungs = share, float(reading.lungs.mean())
        flags = flags_of(reading.prediction, reading.checks(finding), in_lungs)
        return Explained(reading.prediction, share if _is_shown(reading) else math.nan, flags)

    return explain


def _is_shown(reading: Reading) -> bool:
    """Whether the likeliest class's heat is drawn: its map passed, and the answer may be used."""
    tests = reading.map_checks[reading.prediction.label].tests
    return tests.passed and reading.prediction.decision.usable


def write_overlay(reading: Reading, stem: str, folder: Path) -> None:
    """Write the film under its likeliest class's heat, and under its opacity map if it has one.

    Without heat where the class's map fails a test of itself or the answer must not be used, and
    then its name says so. `stem`: its name's first part.
    """
    finding = reading.prediction.label
    passed = _is_shown(reading)
    with foreseen():
        shown = displayed(reading.radiograph.film, _LONGEST_PX)
        heat = reading.maps[finding].heat(*shown.shape)
        overlay = png(blend(shown, heat, _OPACITY if passed else 0))
        overlays = {finding.replace(" ", "-") if passed else WITHHELD: overlay}
        if reading.opacity:
            heat = reading.opacity.heat(*shown.shape)
            overlays[OPACITY] = png(blend(shown, heat, _OPACITY, OPACITY_COLOURS))
    for label, picture in overlays.items():
        write_whole(folder / f"{stem}.{label}.{reading.radiograph.sha256[:8]}.png", picture)


def write_bundle(reader: CaseReader, reading: Reading, folder: Path, prevalence: float) -> None:
    """Write the film's case bundle, named by its digest: a file's name may be a patient's."""
    made = datetime.now().astimezone().replace(microsecond=0)
    prediction = reading.prediction
    request = ExportRequest(prediction.decision.point, prediction.label, prevalence, made)
    with foreseen():
        result = result_of(reader, reading, request)
        bundle = make_bundle(reader, reading.radiograph, result)
    write_whole(folder / f"{result.name}.zip", bundle)
