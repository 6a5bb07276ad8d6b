"""Chest radiograph in; normal, other pneumonia or COVID-19, and the reason, out. Research use only.

    from covid_core import CaseReader, read_case
    reading = read_case(data, CaseReader.load("weights"))
    reading.prediction, reading.maps, reading.checks(reading.prediction.label)

The rooms, from the ground up. A module imports from its own room and from rooms below, never from
above, and no two import each other; the tests hold this list.

    errors, extras, findings, class_names, metrics, crop, boxes, sources   what goes wrong, what
                        is missing, what is answered, by which names, how sure, where
    storage             files that are whole or as they were; one run at a time; walks; tables
    read                a file's bytes to Radiograph, or a refusal in words
    prepare             Radiograph to the network's input
    model               networks, the call they lead to, and their files
    engines             what runs a network: OpenVINO, or PyTorch, the reference
    predict             Radiograph to Prediction, past the gate: the one door
    explain             evidence by zone, tests of it, shortcuts, what trained it and is like it
    case                Radiograph to Reading: all of it, each thing computed once
    present             in words, pictures, plots and pages
    exports             to take away: PDF, PNG, JSON, DICOM, a bundle, an archive
    batch               many films: a list, a folder of a million, several networks
    cluster             an archive on many machines, in any filesystem, by Ray
    local_validation    a hospital's own scores to its own operating point
    datasets            folders of radiographs to a manifest: one table with a clean split
    training            a manifest to weights
    evaluation          honest figures, baselines, targets, an audit
    model_card          what was measured, as a card, a comparison, a report
    bench               how fast a film is answered, and training is
    commands            the command line
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from covid_core.case.case_reading import Reading
    from covid_core.case.reader import CaseReader, read_case
    from covid_core.errors import (
        Abstained,
        CovidCoreError,
        DatasetError,
        RefusedFile,
        TrainingError,
        WeightsError,
    )
    from covid_core.findings import CLASSES, Finding
    from covid_core.model.decision import Decision
    from covid_core.model.saliency import Saliency
    from covid_core.predict.prediction import Prediction
    from covid_core.predict.predictor import Predictor
    from covid_core.read.radiograph import Radiograph, View
    from covid_core.read.reading import read_file, read_radiograph

__all__ = [
    "CLASSES",
    "Abstained",
    "CaseReader",
    "CovidCoreError",
    "DatasetError",
    "Decision",
    "Finding",
    "Prediction",
    "Predictor",
    "Radiograph",
    "Reading",
    "RefusedFile",
    "Saliency",
    "TrainingError",
    "View",
    "WeightsError",
    "read_case",
    "read_file",
    "read_radiograph",
]

_HOMES = {
    "case.reader": ("CaseReader", "read_case"),
    "case.case_reading": ("Reading",),
    "model.decision": ("Decision",),
    "errors": (
        "Abstained",
        "CovidCoreError",
        "DatasetError",
        "RefusedFile",
        "TrainingError",
        "WeightsError",
    ),
    "findings": ("CLASSES", "Finding"),
    "predict.prediction": ("Prediction",),
    "predict.predictor": ("Predictor",),
    "read.radiograph": ("Radiograph", "View"),
    "read.reading": ("read_file", "read_radiograph"),
    "model.saliency": ("Saliency",),
}


def __getattr__(name: str) -> Any:
    """A public name, its module imported when it is first used: torch alone takes seconds."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
