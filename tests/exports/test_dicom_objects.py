"""Secondary capture and structured report: read by others without a warning, whose they are."""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset

from covid_core.errors import CovidCoreError
from covid_core.explain.checks import Checks
from covid_core.exports.identity import uid_of
from covid_core.exports.opinions import opinion_of
from covid_core.exports.pictures import captioned_overlay, captioned_pictures
from covid_core.exports.report_codes import (
    CALLS,
    OTHER_PNEUMONIA,
    READER_BOX,
    READER_TIER,
    SCHEME,
    VERDICT,
    VERDICTS,
    class_code,
    finding_code,
    tier_code,
)
from covid_core.exports.secondary_capture import secondary_capture
from covid_core.exports.structured_report import structured_report
from covid_core.findings import CLASSES, Finding
from covid_core.model.decision import OperatingPoint
from covid_core.model.gate_findings import Code
from covid_core.model.tiers import Tier
from covid_core.present.result import Result
from covid_core.read.patient_tags import Study, read_study
from tests.app.checked import TESTS, map_check, seen
from tests.exports.results import COVID, NORMAL, TORN, WEIGHTS_SHA256, film_file, made

pytestmark = pytest.mark.filterwarnings("error")
SOURCE = "1.2.826.4711.3"


@pytest.fixture(scope="module")
def study() -> Study:
    found = read_study(film_file())
    assert found is not None
    return replace(found, instance_uid=SOURCE)


def both(study: Study | None, *, keep: bool, result: object = None) -> tuple[bytes, bytes]:
    result = result or made()
    capture = secondary_capture(result, study, keep_identity=keep)
    return capture, structured_report(result, study, capture, keep_identity=keep)


def opened(data: bytes) -> FileDataset:
    """Every value read, by a reader that forgives nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = pydicom.dcmread(io.BytesIO(data))
        str(dataset)
    return dataset


def every_item(item: Dataset) -> Iterator[Dataset]:
    """A report's content, the whole tree."""
    for child in item.get("ContentSequence", ()):
        yield child
        yield from every_item(child)


def groups(data: bytes) -> list:
    """The measurement groups, as highdicom reads them back."""
    from highdicom.sr import srread

    return srread(io.BytesIO(data)).content.get_image_measurement_groups()


def test_the_capture_holds_the_overlay_and_says_what_it_is(study: Study) -> None:
    capture = opened(both(study, keep=False)[0])
    assert np.array_equal(capture.pixel_array, captioned_overlay(made()))
    assert capture.SOPClassUID.name == "Secondary Capture Image Storage"
    assert capture.SeriesDescription == "COVID-19 reader overlay, research use only"
    assert capture.PhotometricInterpretation == "RGB"
    assert "DenseNet-121, 2026-11-21, 8a515890" in capture.DerivationDescription
    assert WEIGHTS_SHA256 in capture.DerivationDescription


def test_without_identity_both_are_nobodys(study: Study) -> None:
    for data in both(study, keep=False):
        written = opened(data)
        assert written.PatientID.startswith("FILM-") and written.PatientIdentityRemoved == "YES"
        assert "no patient" in " ".join(written.DeidentificationMethod)
        for value in ("anary", "CANARY", "4711", "19610203", "20200301", "101112"):
            assert value.encode() not in data
        assert written.StudyInstanceUID != study.study_uid
        assert "SourceImageSequence" not in written and "IssuerOfPatientID" not in written


def test_the_capture_lies_as_the_film_is_shown_and_not_as_its_file_has_it(study: Study) -> None:
    for stored, shown in (("R\\F", ["L", "F"]), ("F\\R", ["L", "F"]), ("A\\F", ["A", "F"])):
        capture = opened(both(replace(study, orientation=stored), keep=True)[0])
        assert list(capture.PatientOrientation) == shown


def test_with_identity_both_join_the_study(study: Study) -> None:
    for data in both(study, keep=True):
        written = opened(data)
        assert written.StudyInstanceUID == study.study_uid
        assert (written.PatientName, written.PatientID) == ("Canary^Zebedee", "CANARY4711")
        assert (written.PatientBirthDate, written.PatientSex) == ("19610203", "F")
        assert (written.StudyDate, written.AccessionNumber) == ("20200301", "CANARY88")
        assert "PatientIdentityRemoved" not in written
        assert written.SeriesInstanceUID != study.series_uid
        assert written.InstanceCreationDate + written.ContentTime == "20261121093015"
        assert SOURCE.encode() in data


def test_capture_and_report_are_of_one_study_and_two_series(study: Study) -> None:
    for keep in (False, True):
        capture, report = map(opened, both(study, keep=keep))
        assert capture.StudyInstanceUID == report.StudyInstanceUID
        assert capture.SeriesInstanceUID != report.SeriesInstanceUID
        [of_study] = report.CurrentRequestedProcedureEvidenceSequence
        named = [
            image.ReferencedSOPInstanceUID
            for series in of_study.ReferencedSeriesSequence
            for image in series.ReferencedSOPSequence
        ]
        assert named == [capture.SOPInstanceUID, *([SOURCE] if keep else [])]


def test_a_film_that_is_no_dicom_has_nothing_to_keep() -> None:
    for data in both(None, keep=True):
        assert opened(data).PatientIdentityRemoved == "YES"


def test_the_same_result_makes_the_same_bytes(study: Study) -> None:
    assert both(study, keep=True) == both(study, keep=True)
    assert both(study, keep=False) == both(study, keep=False)
    result = made()
    uids = {
        uid_of(result, None, "capture"),
        uid_of(result, study, "capture"),
        uid_of(result, None, "report"),
        uid_of(made(NORMAL), None, "capture"),
        uid_of(replace(result, film=255 - result.film), None, "capture"),
        uid_of(replace(result, prevalence=0.2), None, "capture"),
    }
    assert len(uids) == 6


@pytest.mark.parametrize(
    ("probabilities", "call"),
    [(COVID, Finding.COVID), (NORMAL, Finding.NORMAL), (TORN, Finding.PNEUMONIA)],
)
def test_the_report_says_the_call_in_codes(
    probabilities: tuple[float, ...], call: Finding | None
) -> None:
    result = made(probabilities)
    [group] = groups(both(None, keep=False, result=result)[1])
    assert group.finding_type == finding_code(result.prediction.decision)
    assert group.finding_type == CALLS[call]
    evaluations = [item.value for item in group.get_qualitative_evaluations()]
    decision = result.prediction.decision
    fits = [class_code(f, result.prediction.answers) for f in decision.candidates]
    assert evaluations == [tier_code(decision.tier), *fits]


def test_no_pneumonia_seen_is_not_filed_as_a_normal_film_nor_likely_as_the_disease() -> None:
    assert CALLS[Finding.NORMAL] == tier_code(Tier.NONE_SEEN)
    assert CALLS[Finding.COVID].meaning == "Suspected COVID-19"
    unlikely = made((0.01, 0.98, 0.01)).prediction.decision
    assert unlikely.tier is Tier.UNLIKELY and finding_code(unlikely) == OTHER_PNEUMONIA
    assert class_code(Finding.PNEUMONIA, CLASSES) == OTHER_PNEUMONIA
    two = (Finding.NORMAL, Finding.PNEUMONIA)
    assert class_code(Finding.PNEUMONIA, two) == CALLS[Finding.PNEUMONIA]


@pytest.mark.parametrize("tier", [Tier.LIKELY, Tier.UNLIKELY, None])
def test_the_report_says_a_readers_opinion_and_is_another_object(tier: Tier | None) -> None:
    result = made(COVID)
    opinion = opinion_of(result.prediction, tier, "2026-11-29T17:00:00+00:00")
    capture, plain = both(None, keep=False, result=result)
    own = structured_report(result, None, capture, keep_identity=False, opinion=opinion)
    [group] = groups(own)
    said = {item.name.value: item.value for item in group.get_qualitative_evaluations()}
    assert said[VERDICT.value] == VERDICTS[opinion.verdict]
    assert said.get(READER_TIER.value) == (tier_code(tier) if tier else None)
    uids = [pydicom.dcmread(io.BytesIO(one)).SOPInstanceUID for one in (plain, own)]
    assert len(set(uids)) == 2


def test_the_report_has_a_readers_boxes() -> None:
    result = made(COVID)
    boxes = ((0.1, 0.2, 0.3, 0.45), (0.5, 0.5, 0.75, 0.875))
    opinion = opinion_of(result.prediction, Tier.LIKELY, "2026-11-29T17:00:00+00:00", boxes)
    capture = both(None, keep=False, result=result)[0]
    report = structured_report(result, None, capture, keep_identity=False, opinion=opinion)
    said = [
        item.TextValue
        for item in pydicom.dcmread(io.BytesIO(report)).ContentSequence
        if item.ConceptNameCodeSequence[0].CodeValue == READER_BOX.value
    ]
    of = ", of the sides of the radiograph as the capture shows it"
    assert said == [
        f"left 0.1000, top 0.2000, right 0.3000, bottom 0.4500{of}",
        f"left 0.5000, top 0.5000, right 0.7500, bottom 0.8750{of}",
    ]


def test_the_report_measures_each_probability_and_the_point() -> None:
    [group] = groups(both(None, keep=False)[1])
    measured = {item.name.value: (item.value, item.unit.value) for item in group.get_measurements()}
    assert measured["p-normal"] == (pytest.approx(4), "%")
    assert measured["p-pneumonia"] == (pytest.approx(7), "%")
    assert measured["p-covid"] == (pytest.approx(89), "%")
    assert measured["threshold"][0] == pytest.approx(30)
    assert measured["111088"][0] == pytest.approx(91.2)  # case sensitivity
    assert measured["111090"][0] == pytest.approx(87.5)
    assert 0 < measured["heat-in-lungs"][0] < 100


def test_what_was_not_measured_is_left_out() -> None:
    result = made(NORMAL, point=OperatingPoint("balanced", 0.5))
    [group] = groups(both(None, keep=False, result=result)[1])
    names = {item.name.value for item in group.get_measurements()}
    assert names == {"p-normal", "p-pneumonia", "p-covid", "threshold"}


def test_the_report_names_its_algorithm_and_its_limits() -> None:
    report = opened(both(None, keep=False, result=made(remarks=(Code.CHILD,)))[1])
    text = " ".join(str(item.TextValue) for item in every_item(report) if "TextValue" in item)
    assert f"Weights SHA-256: {WEIGHTS_SHA256}" in text
    assert "Research use only, not a diagnosis." in text
    assert "A chest radiograph cannot exclude COVID-19." in text
    assert "This looks like a child's radiograph." in text
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert report.PreliminaryFlag == "PRELIMINARY"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == SCHEME


@pytest.mark.parametrize(
    "name", ["Müller^Jörg", "山田^太郎", "Bono", "", "Canary^Zebedee^^Dr^=x=y"]
)
def test_any_name_is_kept_as_it_is(study: Study, name: str) -> None:
    for data in both(replace(study, patient_name=name), keep=True):
        assert str(opened(data).PatientName) == name


def test_a_study_with_nothing_in_it_can_be_kept() -> None:
    for data in both(Study(), keep=True):
        assert opened(data).PatientID == ""


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("name", ["Canary^Zebedee", "Müller^Jörg"])
@pytest.mark.parametrize(("program", "which"), [("dcmdump", 0), ("dcmdump", 1), ("dsrdump", 1)])
def test_dcmtk_reads_them_without_a_word(
    study: Study, program: str, which: int, name: str, keep: bool, tmp_path: Path
) -> None:
    if not shutil.which(program):
        pytest.skip("needs dcmtk")
    path = tmp_path / "object.dcm"
    result = made(TORN, remarks=(Code.CHILD,))
    path.write_bytes(both(replace(study, patient_name=name), keep=keep, result=result)[which])
    ran = subprocess.run([program, path], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"W: " not in ran.stdout and b"E: " not in ran.stdout
    assert b"research use only" in ran.stdout


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("highdicom", "highdicom.sc", "highdicom.sr"):
        monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(CovidCoreError, match=r"needs highdicom.*\[dicom\]"):
        secondary_capture(made(), None, keep_identity=False)


def test_both_hold_the_opacity_map_and_the_category(study: Study) -> None:
    result = made(opacity=True)
    capture, report = both(study, keep=False, result=result)
    assert np.array_equal(opened(capture).pixel_array, captioned_pictures(result))
    assert "Left: Probability of an opacity" in opened(capture).DerivationDescription
    [group] = groups(report)
    measured = {one.name.meaning: one.value for one in group.get_measurements()}
    assert measured["Highest probability of an opacity in a cell"] == 86
    assert 0 < measured["Share of likely opacity in the lungs"] < 100
    assert measured["Network's uncalibrated share of Typical appearance"] == 70
    evaluations = {one.name.value: one.value.meaning for one in group.get_qualitative_evaluations()}
    assert evaluations["rsna-category"] == "Typical appearance"
    texts = " ".join(item.get("TextValue", "") for item in every_item(opened(report)))
    assert "Worth of the opacity." in texts and "Worth of the category." in texts


def withheld(**given: Any) -> Result:
    result = made(opacity=True, **given)
    decision = result.prediction.decision.withheld("Because.")
    return replace(result, prediction=replace(result.prediction, decision=decision), opacity=None)


def test_a_report_of_an_answer_that_must_not_be_used_has_no_figure_of_it() -> None:
    report = both(None, keep=False, result=withheld())[1]
    [group] = groups(report)
    assert group.get_measurements() == []
    names = {item.name.meaning for item in group.get_qualitative_evaluations()}
    assert not {"Not ruled out by the model", "RSNA category"} & names
    text = " ".join(
        str(item.TextValue) for item in every_item(opened(report)) if "TextValue" in item
    )
    assert "must not be used" in text and "0.89" not in text and "RSNA category" not in text


def test_the_longest_description_is_within_what_dicom_holds() -> None:
    failed = map_check(Finding.COVID, *TESTS)
    checks = Checks(None, seen(), map_check=failed, zones=None)
    result = replace(made(opacity=True, remarks=tuple(Code)), checks=checks)
    capture = opened(both(None, keep=False, result=result)[0])
    assert "seen_in_training" in capture.DerivationDescription
    assert len(capture.DerivationDescription) <= 1024
