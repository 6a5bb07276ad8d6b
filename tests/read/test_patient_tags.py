"""Patient and study tags: a short list, whole or absent, and never printed."""

from __future__ import annotations

import zlib
from datetime import date, timedelta

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from covid_core.errors import RefusedFile
from covid_core.read import dicom_tags
from covid_core.read.patient_tags import Study, labelled, read_study, same_patient, time_between
from tests.films import dicom_file, encode, grey_film

FILM = grey_film()
TAGS = {
    "PatientName": "Canary^Ada^M",
    "PatientID": "ID-4711",
    "IssuerOfPatientID": "General",
    "PatientBirthDate": "19610203",
    "PatientSex": "F",
    "StudyDate": "20200301",
    "StudyTime": "101530",
    "AccessionNumber": "A-12",
    "StudyDescription": "Chest PA",
    "PatientOrientation": ["L", "F"],
    "StudyInstanceUID": "1.2.3.4",
    "ViewPosition": "PA",
}

# pytest undoes the filter of covid_core.read.dicom.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


def of(**tags: object) -> Study:
    study = read_study(dicom_file(FILM, **tags))
    assert study is not None
    return study


def deflated_head() -> bytes:
    """A deflated DICOM file up to and with its meta group."""
    data = dicom_file(FILM, syntax=DeflatedExplicitVRLittleEndian)
    return data[: 144 + int.from_bytes(data[140:144], "little")]


def test_the_tags_are_read_as_plain_text() -> None:
    study = of(**TAGS)
    assert (study.patient_name, study.patient_id, study.sex) == ("Canary^Ada^M", "ID-4711", "F")
    assert (study.study_uid, study.orientation, study.modality) == ("1.2.3.4", "L\\F", "DX")
    assert study.taken == date(2020, 3, 1)
    assert study.body_part == "" and study.study_id == ""
    assert all(type(getattr(study, name)) is str for name in Study.__slots__)


def test_a_deflated_file_is_read_too() -> None:
    assert of(syntax=DeflatedExplicitVRLittleEndian, **TAGS).patient_id == "ID-4711"


def test_names_of_other_scripts_survive() -> None:
    study = of(SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jörg=山田^太郎")
    assert study.patient_name == "Müller^Jörg=山田^太郎"
    assert dict(labelled(study))["Patient"] == "Müller, Jörg"


def test_each_group_of_a_name_has_its_own_length() -> None:
    groups = ["A" * 70, "山" * 70, "や" * 10]
    study = of(SpecificCharacterSet="ISO_IR 192", PatientName="=".join(groups))
    assert study.patient_name == "=".join(group[:64] for group in groups)


def test_what_is_no_dicom_file_has_no_study() -> None:
    assert read_study(encode(FILM, "PNG")) is None
    assert read_study(b"") is None


def test_a_damaged_file_is_refused_in_words() -> None:
    with pytest.raises(RefusedFile) as refused:
        read_study(deflated_head() + b"\xff" * 40)
    assert refused.value.code == "corrupt"
    with pytest.raises(RefusedFile) as refused:
        read_study(b"MZ" + dicom_file(FILM)[2:])
    assert refused.value.code == "executable_preamble"


def test_a_file_that_inflates_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_tags, "MAX_INFLATED_BYTES", 1 << 16)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = deflated_head() + deflater.compress(bytes(1 << 20)) + deflater.flush()
    with pytest.raises(RefusedFile) as refused:
        read_study(bomb)
    assert refused.value.code == "too_large"


def with_id(text: bytes) -> bytes:
    """A film whose patient ID holds these bytes as they are, of the length that 64 x has."""
    data = dicom_file(FILM, PatientID="x" * 64)
    assert data.count(b"x" * 64) == 1 and len(text) == 64
    return data.replace(b"x" * 64, text)


def test_an_identifier_is_whole_or_absent() -> None:
    study = read_study(with_id(b"A\\B".ljust(64)))
    assert study is not None and study.patient_id == ""
    study = read_study(with_id(b"A\x1b[31m\0B".ljust(64)))
    assert study is not None and study.patient_id == "A[31mB"
    assert of(PatientSex="X").sex == "" and of(StudyDate="").taken is None


def test_no_value_is_ever_printed() -> None:
    study = of(**TAGS)
    for printed in (repr(study), str(study), f"{study}", repr([study])):
        assert "anary" not in printed and "4711" not in printed and "1961" not in printed


def test_what_is_shown_is_titled_and_dated_for_a_person() -> None:
    shown = labelled(of(**TAGS))
    assert shown[:4] == [
        ("Patient", "Canary, Ada M"),
        ("Patient ID", "ID-4711"),
        ("ID issued by", "General"),
        ("Born", "1961-02-03"),
    ]
    assert ("Study date", "2020-03-01") in shown
    assert "Institution" not in dict(shown)
    assert labelled(Study(patient_name="^Ada", study_date="20200199")) == [
        ("Patient", "Ada"),
        ("Study date", "20200199"),
    ]


ADA = Study(patient_name="Canary^Ada", patient_id="1", issuer="General", birth_date="19610203")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Study(patient_id="1"), True),
        (Study(patient_id="1", issuer="General", patient_name="Married^Ada"), True),
        (Study(patient_id="1", issuer="Elsewhere"), False),
        (Study(patient_id="1", birth_date="19990101"), False),
        (Study(patient_id="2", patient_name="Canary^Ada", birth_date="19610203"), False),
        (Study(patient_name="Canary^Ada", birth_date="19610203"), False),
    ],
)
def test_patients_are_recognised_by_their_id_and_never_by_name(other: Study, same: bool) -> None:
    assert same_patient(ADA, other) is same
    assert same_patient(other, ADA) is same


@pytest.mark.parametrize("patient_id", ["", "ANONYMOUS", "Unknown", "0"])
def test_nobody_is_not_the_same_as_nobody(patient_id: str) -> None:
    assert not same_patient(Study(patient_id=patient_id), Study(patient_id=patient_id))


def test_the_time_between_studies_is_signed() -> None:
    first, later = Study(study_date="20200226"), Study(study_date="20200331", study_time="0700")
    assert time_between(first, later) == timedelta(days=34)
    assert time_between(later, first) == timedelta(days=-34)
    assert time_between(first, Study(study_date="20201340")) is None


def test_studies_of_one_day_are_apart_by_their_times() -> None:
    morning, noon = (Study(study_date="20200226", study_time=at) for at in ("071500.5", "12"))
    assert time_between(morning, noon) == timedelta(hours=4, minutes=44, seconds=59.5)
    assert time_between(morning, Study(study_date="20200226")) == timedelta()
