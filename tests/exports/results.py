"""Results without a network: a phantom, evidence drawn by hand, rules made up."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from covid_core.explain.opacity_map import OpacityMap
from covid_core.findings import CLASSES, Finding
from covid_core.metrics import Estimate
from covid_core.model.decision import OperatingPoint, Rules, decide, scaled_by
from covid_core.model.gate_findings import WORDS, Code, Remark
from covid_core.model.saliency import Saliency
from covid_core.predict.prediction import Prediction
from covid_core.present.result import Result
from covid_core.present.worth import Worth
from covid_core.read.phantom import draw_phantom
from tests.films import dicom_file

MADE = datetime(2026, 11, 21, 9, 30, 15, tzinfo=UTC)
WEIGHTS_SHA256 = hashlib.sha256(b"weights").hexdigest()
POINT = OperatingPoint(
    "balanced", 0.3, Estimate(0.912, 0.88, 0.94, 300), Estimate(0.875, 0.85, 0.9, 900)
)
COVID = (0.04, 0.07, 0.89)
NORMAL = (0.93, 0.05, 0.02)
OTHER = (0.1, 0.8, 0.1)
TORN = (0.02, 0.5, 0.48)
OPACITY = np.full((7, 7), 0.03, np.float32)
OPACITY[4, 1] = 0.86
CANARIES = {
    "PatientName": "Canary^Zebedee",
    "PatientID": "CANARY4711",
    "PatientBirthDate": "19610203",
    "PatientSex": "F",
    "StudyDate": "20200301",
    "StudyTime": "101112",
    "StudyID": "CANARY77",
    "AccessionNumber": "CANARY88",
    "StudyDescription": "Canary chest",
    "InstitutionName": "Canary General",
    "StudyInstanceUID": "1.2.826.4711.1",
    "SeriesInstanceUID": "1.2.826.4711.2",
    "PatientOrientation": ["L", "F"],
}


_PHANTOM = draw_phantom("opacities on both sides", size_px=256)


def film_file(**tags: object) -> bytes:
    """A computed radiograph as DICOM, of a patient whose every tag is a canary."""
    return dicom_file(
        _PHANTOM,
        modality="CR",
        **{**CANARIES, **tags},
    )


def made(
    probabilities: tuple[float, ...] = COVID,
    *,
    shown: Finding = Finding.COVID,
    point: OperatingPoint = POINT,
    remarks: tuple[Code, ...] = (),
    notes: tuple[str, ...] = (),
    shape: tuple[int, int] = (512, 448),
    opacity: bool = False,
) -> Result:
    """A result of these calibrated probabilities. `shape`: of the film, in pixels.

    `opacity`: by weights with an opacity map, likely in the right lower zone, and RSNA categories.
    """
    rules = Rules(scaled_by(1.0, 3), (0.0, 0.0, 0.0), (point,), (0.3, 0.3, 0.3), 0.95)
    film = np.asarray(Image.fromarray(_PHANTOM).resize(shape[::-1]))
    cells = np.full((7, 7), -0.05, np.float32)
    cells[4:6, 1], cells[4:6, 5] = 1.4, 1.1
    logits = np.log(probabilities)
    prediction = Prediction(
        picture=np.zeros((224, 224), np.uint8),
        answers=CLASSES,
        probabilities=np.array(probabilities),
        logits=logits,
        feature_map=np.zeros((1, 7, 7), np.float32),
        placement=(0, 0, 224, 224),
        decision=decide(np.array(probabilities), rules, CLASSES, point.name),
        radiograph_sha256=hashlib.sha256(film.tobytes()).hexdigest(),
        weights_sha256=WEIGHTS_SHA256,
        model="DenseNet-121, 2026-11-21, 8a515890",
        notes=notes,
        remarks=tuple(Remark(code, *WORDS[code], abstains=False) for code in remarks),
        opacity=OPACITY if opacity else None,
        appearances=np.array([0.1, 0.7, 0.15, 0.05]) if opacity else None,
    )
    bias = float(logits[CLASSES.index(shown)] - cells.sum())
    saliency = Saliency(shown, cells, bias, prediction.placement, 224, full_heat=1.5)
    lungs = np.zeros((128, 128), bool)
    lungs[25:100, 22:58] = lungs[25:100, 72:106] = True
    body = np.ones((128, 128), bool)
    result = Result(prediction, saliency, film, lungs, body, 0.05, MADE)
    if not opacity:
        return result
    shown = OpacityMap(OPACITY, prediction.placement, 224)
    worth = Worth("Worth of the evidence.", "Worth of the opacity.", "Worth of the category.")
    return replace(result, opacity=shown, worth=worth)
