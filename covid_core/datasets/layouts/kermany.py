"""Chest X-Ray Images (Pneumonia), Kermany et al. 2018: `train|test|val/NORMAL|PNEUMONIA/`.

Children of one to five years. `personN_bacteria_M` and `personN_virus_M` carry the patient and the
cause, `IM-N-M` of the normal ones the patient. Whether the numbers start anew in `test/` is not
known, so films of one number count as one patient across the parts: too strict splits no patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from covid_core.datasets.case import Case, LeftOut, Selection
from covid_core.datasets.layouts.films import films_in, kermany_cause, kermany_patient
from covid_core.findings import Finding

SOURCE = "chest_xray"
_LABELS = {"NORMAL": Finding.NORMAL, "PNEUMONIA": Finding.PNEUMONIA}


def recognises(folder: Path) -> bool:
    return all((folder / "train" / name).is_dir() for name in _LABELS)


def read(folder: Path, selection: Selection) -> Iterator[Case | LeftOut]:
    for part in ("train", "val", "test"):
        for name, label in _LABELS.items():
            for path in films_in(folder / part / name):
                yield Case(path, label, SOURCE, kermany_patient(path), kermany_cause(path))
