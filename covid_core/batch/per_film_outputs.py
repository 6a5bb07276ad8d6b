"""What scoring writes of each film in a folder beside its row: its overlays, its case bundle."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from covid_core.batch.pipeline import Explain, Explained, UnreadFilm
from covid_core.case.case_reading import Reading
from covid_core.case.reader import CaseReader
from covid_core.errors import foreseen
from covid_core.explain.checks import map_counts
from covid_core.explain.lung_shares import LungShares
from covid_core.exports.bundle import make_bundle
from covid_core.exports.request import ExportRequest, result_of
from covid_core.exports.signature import signature_path
from covid_core.findings import Finding
from covid_core.model.calls import PREVALENCE
from covid_core.predict.prediction import Prediction
from covid_core.present.flags import flags_of
from covid_core.present.heat_words import no_opacity_in_words
from covid_core.present.overlay import OPACITY_COLOURS, blend, clip_to_body, displayed, png
from covid_core.read.radiograph import Radiograph
from covid_core.storage.atomic import write_all_whole, write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NO_HEAT, OPACITY = "no-heat", "opacity"  # in names of overlays
_DIGITS = 16  # of a film's SHA-256: of a million films, no two share so many
_LONGEST_PX = 1024
_OPACITY = 0.5


def output_writer(
    reader: CaseReader,
    *,
    overlays: Path | None,
    bundles: Path | None,
    prevalence: float | None,
    signing: Ed25519PrivateKey | None = None,
) -> Explain:
    """A function that writes the overlay and the bundle of each film.

    Each goes into its folder, and is not written where that is None. `signing`: the key that signs
    each bundle, by `exports.signature`.
    """

    def explain(_: UnreadFilm, radiograph: Radiograph, prediction: Prediction) -> Explained:
        finding = prediction.label
        with foreseen():
            reading = reader.explain(radiograph, prediction)
            reading = reader.check(reading, finding)
        in_lungs = reading.lung_shares(finding)
        if overlays:
            write_overlay(reading, in_lungs, overlays)
        if bundles:
            shown = PREVALENCE if prevalence is None else prevalence
            write_bundle(reader, reading, bundles, shown, signing)
        flags = flags_of(reading.prediction, reading.checks(finding), in_lungs)
        return Explained(reading.prediction, in_lungs.heat if _counts(reading) else math.nan, flags)

    return explain


def _label(finding: Finding) -> str:
    """A class in the name of its overlay."""
    return finding.replace(" ", "-")


_LABELS = frozenset([NO_HEAT, OPACITY, *map(_label, Finding)])


def output_name(sha256: str) -> str:
    """The stem of a film's files, by its digest: its own name may be a patient's, or too long."""
    return f"film-{sha256[:_DIGITS]}"


def _counts(reading: Reading) -> bool:
    """Whether figures of the likeliest class's map count."""
    prediction = reading.prediction
    return map_counts(prediction, reading.map_checks[prediction.label].map_check)


def write_overlay(reading: Reading, in_lungs: LungShares, folder: Path) -> None:
    """Write the film under its likeliest class's heat, and under its opacity map if it has one.

    Without heat where the class's map fails its self-test or heat of it is not due, and then its
    name says so. No opacity map where none may be drawn. `in_lungs`: of that class's map.
    """
    finding, prediction = reading.prediction.label, reading.prediction
    drawn = _counts(reading) and prediction.heat_due(finding)
    with foreseen():
        shown = displayed(reading.radiograph.film, _LONGEST_PX)
        heat = clip_to_body(reading.maps[finding].heat(*shown.shape), reading.body)
        overlay = png(blend(shown, heat, _OPACITY if drawn else 0))
        overlays = {_label(finding) if drawn else NO_HEAT: overlay}
        if reading.opacity and not no_opacity_in_words(prediction.decision, in_lungs):
            heat = clip_to_body(reading.opacity.heat(*shown.shape), reading.body)
            overlays[OPACITY] = png(blend(shown, heat, _OPACITY, OPACITY_COLOURS))
    name = output_name(reading.radiograph.sha256)
    for label, picture in overlays.items():
        write_whole(folder / f"{name}.{label}.png", picture)
    for label in _LABELS.difference(overlays):  # of another answer than today's
        (folder / f"{name}.{label}.png").unlink(missing_ok=True)


def write_bundle(
    reader: CaseReader,
    reading: Reading,
    folder: Path,
    prevalence: float,
    signing: Ed25519PrivateKey | None = None,
) -> None:
    """Write the film's case bundle, and its signature where there is a key to sign it with."""
    made = datetime.now().astimezone().replace(microsecond=0)
    prediction = reading.prediction
    request = ExportRequest(prediction.decision.point, prediction.label, prevalence, made)
    with foreseen():
        result = result_of(reader, reading, request)
        bundle = make_bundle(reader, reading.radiograph, result)
    path = folder / f"{output_name(reading.radiograph.sha256)}.zip"
    signed = {signature_path(path): signing.sign(bundle)} if signing else {}
    write_all_whole({path: bundle, **signed})
