"""The few tags of a DICOM file that a dataset's reader needs where no table gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom

from covid_core.datasets.case import Sex, parse_age, parse_sex
from covid_core.read.anatomy_words import parse_view
from covid_core.read.file_kinds import is_dicom
from covid_core.read.film_files import read_head
from covid_core.read.radiograph import View
from covid_core.storage.plain_files import open_regular

_TAGS = ["PatientID", "PatientAge", "PatientSex", "ViewPosition", "Rows", "Columns"]


@dataclass(frozen=True, slots=True)
class Header:
    """What a DICOM file's header says of its film.

    `patient`: None where the file names none. `age`: years. `width`, `height`: px, 0 where the file
    does not state them.
    """

    patient: str | None = None
    view: View = View.UNKNOWN
    age: float | None = None
    sex: Sex | None = None
    width: int = 0
    height: int = 0


def read_header(path: Path) -> Header:
    """The tags of a DICOM file; an empty header for any other file, or one that can't be read.

    The survey of all radiographs says what is wrong with it.
    """
    if not is_dicom(read_head(path) or b""):
        return Header()
    try:
        with open_regular(path) as file:
            tags = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_TAGS, force=True)
        return Header(
            patient=str(tags.get("PatientID") or "") or None,
            view=parse_view(str(tags.get("ViewPosition") or "")),
            age=parse_age(str(tags.get("PatientAge") or "")),
            sex=parse_sex(str(tags.get("PatientSex") or "")),
            width=int(tags.get("Columns") or 0),
            height=int(tags.get("Rows") or 0),
        )
    except Exception:  # pydicom has many ways to fail, and the survey reads the file again
        return Header()
