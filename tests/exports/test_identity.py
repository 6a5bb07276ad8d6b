"""Whose an object is: every tag of it is there for a reason, and nobody's follow the profile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PYDICOM_ROOT_UID

from covid_core.exports.identity import NO_DATE, NO_TIME, uid_of_device
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.read.patient_tags import Study, read_study
from tests.exports.results import COVID, NORMAL, film_file, made

# PS3.3: of types 1 and 2 in every object (modules Patient, General Study, Series, SOP Common).
IN_BOTH = {
    "SOPClassUID",
    "SOPInstanceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "InstanceNumber",
}
# Of types 1 to 2C in an image (SC Equipment, General Image, Image Pixel) and in a report (General
# Equipment, SR Document Series, General and Content).
IN_A_CAPTURE = {
    "ConversionType",
    "PatientOrientation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "PlanarConfiguration",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
}
IN_A_REPORT = {
    "ReferencedPerformedProcedureStepSequence",
    "CompletionFlag",
    "VerificationFlag",
    "PerformedProcedureCodeSequence",
    "CurrentRequestedProcedureEvidenceSequence",
    "ValueType",
    "ConceptNameCodeSequence",
    "ContinuityOfContent",
    "ContentTemplateSequence",
    "ContentSequence",
}
# In words of this program: what it is, and what made it.
OUR_WORDS = {
    "SeriesDescription",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
    "ContentDate",
    "ContentTime",
}
OF_A_CAPTURE = {
    "ImageType",
    "BodyPartExamined",
    "DerivationDescription",
    "ImageComments",
    "RecognizableVisualFeatures",
}
OF_A_REPORT = {"PreliminaryFlag", "CodingSchemeIdentificationSequence"}
# PS3.15, E.2 and E.3: how it was made nobody's.
NOBODYS = {
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
}
CAPTURE = IN_BOTH | IN_A_CAPTURE | OUR_WORDS | OF_A_CAPTURE
REPORT = IN_BOTH | IN_A_REPORT | OUR_WORDS | OF_A_REPORT
# So that an archive files it with the study, and a reader knows when it was made.
THE_PATIENTS = {
    "StudyDescription",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "SeriesDate",
    "SeriesTime",
    "ContributingEquipmentSequence",
}
WITH_THE_CAPTURE = {"DateOfSecondaryCapture", "TimeOfSecondaryCapture", "SourceImageSequence"}


@pytest.fixture(scope="module")
def study() -> Study:
    found = read_study(film_file())
    assert found is not None
    return replace(found, instance_uid="1.2.826.4711.3")


def both(study: Study | None, *, keep: bool) -> tuple[Dataset, Dataset]:
    """Capture and report."""
    capture = secondary_capture(made(), study, keep_identity=keep)
    report = structured_report(made(), study, capture, keep_identity=keep)
    return pydicom.dcmread(io.BytesIO(capture)), pydicom.dcmread(io.BytesIO(report))


def keywords(dataset: Dataset) -> set[str]:
    return {element.keyword for element in dataset}


def times(dataset: Dataset) -> Iterator[str]:
    """Every day and hour in it, items included."""
    for element in dataset.iterall():
        if element.VR in ("DA", "TM", "DT") and element.value:
            yield str(element.value)


def test_nobodys_objects_hold_what_they_must_and_no_other_tag(study: Study) -> None:
    capture, report = both(study, keep=False)
    assert keywords(capture) == CAPTURE | NOBODYS
    assert keywords(report) == REPORT | NOBODYS


def test_the_patient_s_objects_hold_the_study_s_tags_besides(study: Study) -> None:
    capture, report = both(study, keep=True)
    assert keywords(capture) - CAPTURE == THE_PATIENTS | WITH_THE_CAPTURE
    assert keywords(report) - REPORT == THE_PATIENTS


def test_what_the_profile_wants_empty_is_empty(study: Study) -> None:
    for dataset in both(study, keep=False):
        for keyword in (
            "PatientBirthDate",
            "PatientSex",
            "AccessionNumber",
            "StudyDate",
            "StudyTime",
            "StudyID",
            "ReferringPhysicianName",
        ):
            assert not dataset[keyword].value


def test_no_time_is_in_nobodys_objects(study: Study) -> None:
    for dataset in both(study, keep=False):
        assert set(times(dataset)) == {NO_DATE, NO_TIME}
        assert dataset.LongitudinalTemporalInformationModified == "REMOVED"
    assert "20261121" in set(times(both(study, keep=True)[0]))  # it would be seen


def test_nobodys_objects_say_by_which_profile(study: Study) -> None:
    for dataset in both(study, keep=False):
        assert dataset.PatientIdentityRemoved == "YES"
        codes = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
        assert codes == ["113100", "113104", "113105"]
        assert all(len(part) <= 64 for part in dataset.DeidentificationMethod)
        assert not any(element.tag.is_private for element in dataset.iterall())


def test_no_uid_of_the_study_is_left_and_the_objects_own_ones_agree(study: Study) -> None:
    theirs = {study.study_uid, study.series_uid, study.instance_uid}
    capture, report = both(study, keep=False)
    for dataset in (capture, report):
        uids = {str(e.value) for e in dataset.iterall() if e.VR == "UI"}
        assert not uids & theirs
        assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert capture.StudyInstanceUID == report.StudyInstanceUID


def test_nobodys_objects_lead_to_no_patient_s_where_the_study_has_no_uid(study: Study) -> None:
    without, device = replace(study, study_uid=""), uid_of_device(made())
    kept, nobodys = (
        {
            str(element.value)
            for dataset in both(without, keep=keep)
            for element in dataset.iterall()
            if element.VR == "UI" and str(element.value).startswith(PYDICOM_ROOT_UID)
        }
        - {device}
        for keep in (True, False)
    )
    assert len(kept) > 3 and len(nobodys) > 3 and not kept & nobodys


def test_all_reports_by_the_same_weights_name_one_device() -> None:
    devices = {uid_of_device(made(probabilities)) for probabilities in (NORMAL, COVID)}
    assert len(devices) == 1


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("stated", ["YES", "NO", ""])
def test_names_in_the_picture_are_stated_as_the_file_states_them(
    study: Study, stated: str, keep: bool
) -> None:
    capture, _ = both(replace(study, burned_in=stated), keep=keep)
    assert capture.get("BurnedInAnnotation", "") == stated


def test_of_other_pictures_nobody_knows_whether_names_are_in_them() -> None:
    assert "BurnedInAnnotation" not in both(None, keep=False)[0]
