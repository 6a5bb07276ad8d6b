"""Whose a DICOM object is: the patient's and the study's tags, or nobody's; and which it is.

UIDs come from what is in the object, so that the same result makes the same object, and an archive
that gets it twice keeps it once. Nobody's objects follow the Basic Application Level
Confidentiality Profile (PS3.15, E.2).
"""

from __future__ import annotations

import hashlib
import io
import json
import textwrap
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from covid_core.present.result import Result, result_json
from covid_core.read.patient_tags import Study

MANUFACTURER = "Open chest radiograph COVID-19 reader"
REMOVED = (
    "Made anew from the picture alone: no patient, study or series attribute of the source was"
    " copied, nor any UID or time. The picture itself was not searched for burned-in names."
)
# Texts and a report's content are kept: all of them are this program's own words.
PROFILE = (
    Code("113100", "DCM", "Basic Application Confidentiality Profile"),
    Code("113104", "DCM", "Clean Structured Content Option"),
    Code("113105", "DCM", "Clean Descriptors Option"),
)
PLAIN_QUOTES = str.maketrans("“”’", '""\'')  # within ASCII, which every reader of DICOM knows
NO_DATE, NO_TIME = "19000101", "000000"  # where DICOM wants one of a report
_COPIED = {
    "PatientName": "patient_name",
    "PatientID": "patient_id",
    "IssuerOfPatientID": "issuer",
    "PatientBirthDate": "birth_date",
    "PatientSex": "sex",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "StudyID": "study_id",
    "StudyDescription": "study_description",
    "AccessionNumber": "accession_number",
}
_TIMES = (
    "InstanceCreationDate",
    "InstanceCreationTime",
    "SeriesDate",
    "SeriesTime",
    "DateOfSecondaryCapture",
    "TimeOfSecondaryCapture",
    "ContributingEquipmentSequence",
)
_TEXTS = ("LO", "LT", "PN", "SH", "ST", "UC", "UT")


def uid_of(result: Result, kept: Study | None, what: str) -> str:
    """A UID for one thing (`what`) made of a result: the same for the same result and study."""
    content = json.dumps(result_json(result), sort_keys=True)
    film = hashlib.sha256(result.film.tobytes() + result.lungs.tobytes()).hexdigest()
    # Nobody's objects have UIDs of their own, whatever tags a study lacks: none leads to another.
    whose = f"study {kept.study_uid} {kept.instance_uid}" if kept else "nobody"
    return str(generate_uid(entropy_srcs=[content, film, whose, what]))


def uid_of_device(result: Result) -> str:
    """A UID for what observed: the same for all results of the same weights."""
    return str(generate_uid(entropy_srcs=[MANUFACTURER, result.prediction.weights_sha256]))


def study_uid_of(result: Result, kept: Study | None) -> str:
    """The study's own UID where it is kept, or else a new one."""
    return kept.study_uid if kept and kept.study_uid else uid_of(result, kept, "study")


def object_attributes(result: Result, kept: Study | None, what: str) -> dict[str, Any]:
    """What highdicom needs for every object made of a result: which it is, and who made it."""
    return {
        "series_instance_uid": uid_of(result, kept, f"{what} series"),
        "sop_instance_uid": uid_of(result, kept, what),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": result.prediction.model,
        "software_versions": result.prediction.weights_sha256,
    }


def stamp(dataset: Dataset, result: Result, kept: Study | None) -> None:
    """Write patient and study, or a pseudonym, and the time into a DICOM object.

    `kept`: the study whose tags it carries, so that an archive files it there. Without, it carries
    a pseudonym made of the film's digest and no time, and says how its identity was removed.
    """
    if kept is None:
        _make_nobodys(dataset, f"FILM-{result.prediction.radiograph_sha256[:12]}")
    else:
        _make_the_patients(dataset, kept)
        _date(dataset, result)
    charset = _charset(dataset)
    if charset:
        dataset.SpecificCharacterSet = charset


def coded(code: Code) -> Dataset:
    """A code as an item of a sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
    return item


def _make_nobodys(dataset: Dataset, pseudonym: str) -> None:
    dataset.PatientName, dataset.PatientID = f"{pseudonym}^", pseudonym
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = textwrap.wrap(REMOVED, 64)
    dataset.DeidentificationMethodCodeSequence = [coded(code) for code in PROFILE]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    for keyword in _TIMES:
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.ContentDate, dataset.ContentTime = NO_DATE, NO_TIME


def _make_the_patients(dataset: Dataset, kept: Study) -> None:
    for keyword, name in _COPIED.items():
        value = getattr(kept, name)
        if value or keyword in dataset:  # some must be there, if only empty
            setattr(dataset, keyword, value)


def _date(dataset: Dataset, result: Result) -> None:
    """Set every time in it that would be now otherwise to that at which the result was made."""
    day, time = result.made.strftime("%Y%m%d"), result.made.strftime("%H%M%S")
    for moment in ("InstanceCreation", "Content", "Series"):
        setattr(dataset, f"{moment}Date", day)
        setattr(dataset, f"{moment}Time", time)
    for equipment in dataset.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = day + time


def _charset(dataset: Dataset) -> str:
    """The plainest character set that holds all texts: some programs know no other than Latin."""
    text = "".join(str(element.value) for element in dataset.iterall() if element.VR in _TEXTS)
    if text.isascii():
        return ""
    return "ISO_IR 100" if all(ord(letter) < 256 for letter in text) else "ISO_IR 192"


def as_file(dataset: Dataset) -> bytes:
    """A DICOM file's bytes."""
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
