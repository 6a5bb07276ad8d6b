"""Chest radiograph in; normal, other pneumonia or COVID-19, and the reason, out. Research use only.

    from covid_core import Predictor, read_radiograph
    predictor = Predictor.load("weights")
    prediction = predictor.predict(read_radiograph(data))

The modules, from the ground up, each importing only from below:

    errors, findings, architectures, torchvision_ops, levels, head, efficientnet_lite
    covering                            a film with a part of it covered
    boxes                               around opacities, by radiologists: as text, as a mask
    whole_files, claims                 files that are whole or as they were; one run at a time
    radiograph, networks, metrics, tasks, look, markdown, tensor_files, remarks, machine
    bounded, decompress, dicom_parse, raster, dicom   a file's bytes to a film
    reading                             bytes to Radiograph: the front door for files
    collection, study                   many files as one stream; a DICOM file's patient, on demand
    preprocess                          Radiograph to the network's input
    decision                            logits to a calibrated call: operating points, sets
    saliency                            evidence in the feature map's cells, laid over the film
    zones                               how much of it lies in each of six zones of the lungs
    weights, network_files              cards, and the tensors beside them, on disk
    engines                             what runs a network: OpenVINO, or PyTorch, the reference
    lungs (…_network)                   Radiograph to where its lungs are
    gate (…_network)                    is it a frontal chest film that may be judged at all?
    predictor                           Radiograph to Prediction: the one door
    shortcut_meter, map_check           is it told by the lungs, and is the map worth showing?
    perceptual_hash, known_index, known_films   was it seen in training, and what is like it?
    display, overlay, figures, phantom  a film and its prediction, to look at
    report, audit_words, walkthrough (…_figures)   in words; step by step
    worklist, recipes_here              of many films; by several networks
    folders, pipeline, ledger           of a folder of a million, and where scoring was stopped
    places, parts, cluster              of an archive on many machines, in any filesystem, by Ray
    checks                              what is asked of an answer before it is believed
    result, exports                     to take away: PDF, PNG, JSON, DICOM, an archive
    case_film, case_reader, bundle      a reading in one file, and the whole way again
    site                                a hospital's own scores to its own operating point
    choices                             what a source held out was used to choose
    goals, reporting_items              what was set out to reach, and what a card must say
    results_card, trust_card, floors_card, model_card, card_figures, pages
    within_source_card (…_plots)        of films of both kinds from one source, and of boxes
    datasets                            folders of films to a manifest: one table with a clean split
    training, evaluation                a manifest to weights, honest figures, an audit
    speed                               how fast a film is answered, beside the plain way
    commands, __main__                  the command line
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from covid_core.decision import Decision
    from covid_core.errors import (
        Abstained,
        CovidCoreError,
        DatasetError,
        RefusedFile,
        TrainingError,
        WeightsError,
    )
    from covid_core.findings import CLASSES, Finding
    from covid_core.predictor import Prediction, Predictor
    from covid_core.radiograph import Radiograph, View
    from covid_core.reading import read_file, read_radiograph
    from covid_core.saliency import Saliency

__all__ = [
    "Abstained",
    "CLASSES",
    "CovidCoreError",
    "DatasetError",
    "Decision",
    "Finding",
    "Prediction",
    "Predictor",
    "Radiograph",
    "RefusedFile",
    "Saliency",
    "TrainingError",
    "View",
    "WeightsError",
    "read_file",
    "read_radiograph",
]

_HOMES = {
    "decision": ("Decision",),
    "errors": (
        "Abstained",
        "CovidCoreError",
        "DatasetError",
        "RefusedFile",
        "TrainingError",
        "WeightsError",
    ),  # fmt: skip
    "findings": ("CLASSES", "Finding"),
    "predictor": ("Prediction", "Predictor"),
    "radiograph": ("Radiograph", "View"),
    "reading": ("read_file", "read_radiograph"),
    "saliency": ("Saliency",),
}


def __getattr__(name: str) -> Any:
    """A public name, its module imported when it is first asked for: torch alone takes seconds."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
