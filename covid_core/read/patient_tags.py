"""Whose film it is and of which study: a short list of DICOM tags, read only where somebody asks.

Reading a film keeps none of them (`dicom`); what shows, files or compares by them asks here.
"""

from __future__ import annotations

import re
from collections.abc import MutableSequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from covid_core.read.file_kinds import is_dicom

if TYPE_CHECKING:  # imported for a DICOM file alone: it takes as long as ten other films
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True, repr=False)
class Study:
    """A few tags of one film as plain text, "" where absent. Never printed by its `repr`.

    Dates are YYYYMMDD and times HHMMSS, as DICOM writes them; `sex` is M, F, O or ""; `burned_in`
    YES where the picture holds names, NO or "". Each text is no longer than DICOM allows.
    """

    patient_name: str = ""
    patient_id: str = ""
    issuer: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    study_time: str = ""
    study_id: str = ""
    accession_number: str = ""
    study_description: str = ""
    institution: str = ""
    modality: str = ""
    body_part: str = ""
    view_position: str = ""
    orientation: str = ""
    study_uid: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    class_uid: str = ""
    burned_in: str = ""

    def __repr__(self) -> str:
        return "Study(…)"  # a log or a traceback must not name a patient

    @property
    def taken(self) -> date | None:
        """The day of the study; None where the file does not say, or no calendar has it."""
        return _day(self.study_date)


def read_study(data: bytes) -> Study | None:
    """Patient and study tags of a file's bytes; None where it is no DICOM file.

    Decodes no pixel. A tag that can't be read counts as absent. Raises RefusedFile where the file
    is damaged, a program too, or inflates without bounds.
    """
    if not is_dicom(data):
        return None
    from covid_core.read.dicom_tags import film_tags

    dataset = film_tags(data)
    return Study(**{name: _read(dataset, name) for name in _TAGS})


def labelled(study: Study) -> list[tuple[str, str]]:
    """What is known, as title and text for a person: who first, UIDs last."""
    return [
        (title, _SHOWN.get(name, str)(value))
        for name, (_, title) in _TAGS.items()
        if title and (value := getattr(study, name))
    ]


def same_patient(one: Study, other: Study) -> bool:
    """Whether both studies are of one patient for certain.

    They have the same patient ID, and no issuer or birth date that says otherwise. The name counts
    for nothing; IDs that anonymisers give to all count as none.
    """
    if not one.patient_id or one.patient_id.upper() in _NOBODY:
        return False
    apart = ((one.issuer, other.issuer), (one.birth_date, other.birth_date))
    return one.patient_id == other.patient_id and all(a == b for a, b in apart if a and b)


def time_between(one: Study, other: Study) -> timedelta | None:
    """How much later the other study was made; negative where it was made earlier.

    In whole days where the time of either is not known; None where a day is not.
    """
    if one.taken is None or other.taken is None:
        return None
    begun, ended = _time(one.study_time), _time(other.study_time)
    if begun is None or ended is None:
        return other.taken - one.taken
    return datetime.combine(other.taken, ended) - datetime.combine(one.taken, begun)


def is_uid(text: str) -> bool:
    """Whether a text is a UID as DICOM has them."""
    return _UID.fullmatch(text) is not None


# DICOM's keyword, and the title for a person where it is shown.
_TAGS = {
    "patient_name": ("PatientName", "Patient"),
    "patient_id": ("PatientID", "Patient ID"),
    "issuer": ("IssuerOfPatientID", "ID issued by"),
    "birth_date": ("PatientBirthDate", "Born"),
    "sex": ("PatientSex", "Sex"),
    "study_date": ("StudyDate", "Study date"),
    "study_time": ("StudyTime", ""),
    "study_id": ("StudyID", ""),
    "accession_number": ("AccessionNumber", "Accession number"),
    "study_description": ("StudyDescription", "Study"),
    "institution": ("InstitutionName", "Institution"),
    "modality": ("Modality", "Modality"),
    "body_part": ("BodyPartExamined", "Body part"),
    "view_position": ("ViewPosition", "View"),
    "orientation": ("PatientOrientation", ""),
    "study_uid": ("StudyInstanceUID", "Study UID"),
    "series_uid": ("SeriesInstanceUID", "Series UID"),
    "instance_uid": ("SOPInstanceUID", "Image UID"),
    "class_uid": ("SOPClassUID", ""),
    "burned_in": ("BurnedInAnnotation", ""),
}
# What DICOM allows (PS3.5, 6.2). An identifier fits or is absent: cut, it could be another's.
_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_SHORT, _LONG = (re.compile(rf"[^\\]{{1,{length}}}") for length in (16, 64))
_WHOLE = {
    "patient_id": _LONG,
    "issuer": _LONG,
    "birth_date": re.compile(r"\d{8}"),
    "sex": re.compile("[MFO]"),
    "study_date": re.compile(r"\d{8}"),
    "study_time": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"),
    "study_id": _SHORT,
    "accession_number": _SHORT,
    "orientation": re.compile(r"[APRLHF]{1,3}\\[APRLHF]{1,3}"),
    "burned_in": re.compile("YES|NO"),
    **dict.fromkeys(("study_uid", "series_uid", "instance_uid", "class_uid"), _UID),
}
_CUT_AT = {"patient_name": 64, "study_description": 64, "institution": 64}
_CODE_LENGTH = 16
_NOBODY = frozenset(
    ("0", "ANON", "ANONYMOUS", "ANONYMIZED", "ANONYMISED", "NA", "NONE", "PATIENT", "UNKNOWN")
)


def _read(dataset: Dataset, name: str) -> str:
    try:
        value = dataset.get(_TAGS[name][0])
        parts = value if isinstance(value, MutableSequence) else [value or ""]
        text = "\\".join(str(part) for part in parts)
    except Exception:  # a tag that pydicom can't make sense of is as good as absent
        return ""
    text = "".join(letter for letter in text if letter.isprintable()).strip()
    if name in _WHOLE:
        return text if _WHOLE[name].fullmatch(text) else ""
    text, most = text.replace("\\", " "), _CUT_AT.get(name, _CODE_LENGTH)
    # A name's groups (alphabetic, ideographic, phonetic) have that many characters each.
    groups = text.split("=") if name == "patient_name" else [text]
    return "=".join(group[:most] for group in groups).strip()


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def _dated(text: str) -> str:
    day = _day(text)
    return day.isoformat() if day else text


def _named(name: str) -> str:
    """DICOM's "family^given^middle", in the first of its scripts, for a person."""
    family, *others = [part for part in name.split("=")[0].split("^") if part] or [name]
    return f"{family}, {' '.join(others)}" if others else family


_SHOWN = {"patient_name": _named, "birth_date": _dated, "study_date": _dated}
