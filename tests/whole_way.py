"""The whole way with the shipped weights, for tests of what comes of a film."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np

from covid_core.case.reader import CaseReader
from covid_core.exports.request import ExportRequest, result_of
from covid_core.findings import Finding
from covid_core.model.card import WEIGHTS
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.present.result import Result
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.films import dicom_file, encode

MADE = datetime(2026, 11, 21, 9, 30, 15, tzinfo=UTC)


@cache
def reader() -> CaseReader:
    """Of the shipped weights, without an index of training films."""
    return CaseReader(Predictor.load(WEIGHTS), Lungs.load(), None)


def export_request(point: str = "balanced", finding: Finding | None = None) -> ExportRequest:
    return ExportRequest(reader().predictor.card.rules.point(point), finding, 0.05, MADE)


def result(radiograph: Radiograph, what: ExportRequest | None = None) -> Result:
    """What comes of a radiograph and a request."""
    return result_of(reader(), reader().read(radiograph), what or export_request())


def films() -> dict[str, bytes]:
    """A phantom as several kinds of file; "dark" is one of which the gate has something to say."""
    phantom = draw_phantom(KINDS[-1], size_px=256)
    deep = phantom.astype(np.uint16) * 16
    return {
        "8-bit PNG": png(phantom),
        "16-bit PNG": encode(deep * 16, "PNG"),
        "windowed MONOCHROME1": dicom_file(
            4095 - deep,
            photometric="MONOCHROME1",
            bits_stored=12,
            WindowCenter=1900,
            WindowWidth=3000,
        ),
        "32-bit TIFF": encode(deep.astype(np.float32) / 7, "TIFF"),
        "dark": png((phantom * 0.3).astype(np.uint8)),
    }
