"""The reading as a DICOM Structured Report: the Imaging Measurement Report, TID 1500.

The call is the measurement group's finding, by SNOMED CT. What has no code of its own there, such
as one class's calibrated probability, has one of this project's scheme.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.coding import Code

from covid_core.explain.checks import check_sentences
from covid_core.exports.identity import (
    MANUFACTURER,
    PLAIN_QUOTES,
    as_file,
    object_attributes,
    stamp,
    uid_of,
    uid_of_device,
)
from covid_core.exports.opinions import Opinion
from covid_core.exports.pictures import WARNING
from covid_core.exports.report_codes import (
    CATEGORY,
    HEAT_IN_LUNGS,
    NOT_RULED_OUT,
    OPACITY_IN_LUNGS,
    OPACITY_PEAK,
    READER_BOX,
    READER_TIER,
    SCHEME,
    SENSITIVITY,
    SPECIFICITY,
    THRESHOLD,
    TIER,
    VERDICT,
    VERDICTS,
    category_code,
    class_code,
    finding_code,
    probability_of,
    share_of,
    tier_code,
)
from covid_core.extras import needing
from covid_core.findings import APPEARANCES
from covid_core.model.tiers import CAVEAT
from covid_core.present.point_words import point_in_words
from covid_core.present.result import Result
from covid_core.present.sentences import category_in_words, opacity_in_words
from covid_core.read.dicom_tags import parse
from covid_core.read.patient_tags import Study

if TYPE_CHECKING:
    from highdicom import sr

SERIES = "COVID-19 reader report, research use only"
_CHEST_FILM = Code("399208008", "SCT", "Plain chest X-ray")
_CHEST = Code("51185008", "SCT", "Thoracic structure")
_PER_CENT = Code("%", "UCUM", "%")
_DEVICE = Code("121007", "DCM", "Device")
_ILLUSTRATION = Code("121080", "DCM", "Best illustration of finding")
_COMMENT = Code("121106", "DCM", "Comment")
_SERIES_NUMBER = 9002  # beyond those of a modality, after the capture's


def structured_report(
    result: Result,
    study: Study | None,
    capture: bytes,
    *,
    keep_identity: bool,
    opinion: Opinion | None = None,
) -> bytes:
    """The reading as a DICOM Comprehensive SR file that shows the capture.

    The same bytes for the same result. `capture`: as `secondary_capture` made it of the same
    result, study and `keep_identity`; the report joins its study. `opinion`: a reader's, of this
    answer; with another opinion it is another object. Only with `keep_identity` it names the source
    image, whose UID leads to the patient. Raises CovidCoreError where highdicom is not installed.
    """
    with needing("highdicom", "dicom"):
        from highdicom.coding_schemes import CodingSchemeIdentificationItem
        from highdicom.sr import ComprehensiveSR
    kept = study if keep_identity else None
    pictures = _pictures(capture, kept)
    report = ComprehensiveSR(
        evidence=pictures,
        content=_content(result, kept, pictures, opinion)[0],
        series_number=_SERIES_NUMBER,
        series_description=SERIES,
        is_complete=True,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                SCHEME, name="Answers of this reader", responsible_organization=MANUFACTURER
            )
        ],
        **object_attributes(result, kept, f"report {opinion.as_json()}" if opinion else "report"),
    )
    stamp(report, result, kept)
    return as_file(report)


def _pictures(capture: bytes, kept: Study | None) -> list[Dataset]:
    """What the report refers to: the capture, then the source image where it may be named."""
    shown = parse(capture)
    pictures = [_reference(shown, shown)]
    if kept and kept.study_uid and kept.class_uid and kept.instance_uid and kept.series_uid:
        source = Dataset()
        source.SOPClassUID, source.SOPInstanceUID = kept.class_uid, kept.instance_uid
        source.SeriesInstanceUID = kept.series_uid
        pictures.append(_reference(source, shown))
    return pictures


def _reference(image: Dataset, capture: FileDataset) -> Dataset:
    """UIDs alone: the report's other tags are `stamp`'s, as the capture's are."""
    reference = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"):
        setattr(reference, keyword, image[keyword].value)
    reference.StudyInstanceUID = capture.StudyInstanceUID
    for keyword in _REQUIRED_TAGS:
        setattr(reference, keyword, None)
    return reference


_AS_SHOWN = ", of the sides of the radiograph as the capture shows it"
_REQUIRED_TAGS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)


def _content(
    result: Result, kept: Study | None, pictures: list[Dataset], opinion: Opinion | None
) -> sr.MeasurementReport:
    from highdicom import sr

    device = sr.DeviceObserverIdentifyingAttributes(
        uid=uid_of_device(result),
        name=MANUFACTURER,
        model_name=result.prediction.model,
    )
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(sr.CodedConcept(*_DEVICE[:3]), device)
        ),
        procedure_reported=_CHEST_FILM,
        imaging_measurements=[_group(result, kept, pictures, opinion)],
    )
    for text in _comments(result):
        report[0].ContentSequence.append(sr.TextContentItem(_COMMENT, text, "CONTAINS"))
    for text in _boxes(opinion):
        report[0].ContentSequence.append(sr.TextContentItem(READER_BOX, text, "CONTAINS"))
    return report


def _group(
    result: Result, kept: Study | None, pictures: list[Dataset], opinion: Opinion | None
) -> sr.MeasurementsAndQualitativeEvaluations:
    """The call, what it was made from, and what it was made by."""
    from highdicom import sr

    decision = result.prediction.decision
    uids = [(image.SOPClassUID, image.SOPInstanceUID) for image in pictures]
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid_of(result, kept, "finding"), "Answer for the whole film"
        ),
        finding_type=finding_code(decision),
        algorithm_id=_algorithm(result),
        finding_sites=[sr.FindingSite(_CHEST)],
        measurements=[
            sr.Measurement(name, round(100 * share, 4), _PER_CENT)
            for name, share in _shares(result)
        ]
        or None,
        qualitative_evaluations=[
            sr.QualitativeEvaluation(name, value) for name, value in _evaluations(result, opinion)
        ],
        source_images=[sr.SourceImageForMeasurementGroup(*source) for source in uids[1:]] or None,
    )
    illustration = sr.ImageContentItem(_ILLUSTRATION, *uids[0], relationship_type="CONTAINS")
    group[0].ContentSequence.append(illustration)
    return group


def _algorithm(result: Result) -> sr.AlgorithmIdentification:
    from highdicom import sr

    prediction = result.prediction
    return sr.AlgorithmIdentification(
        name=MANUFACTURER,
        version=prediction.model,
        parameters=[
            f"Weights SHA-256: {prediction.weights_sha256}",
            f"Film SHA-256: {prediction.radiograph_sha256}",
            point_in_words(prediction.decision.point, prediction.answers[-1]),
        ],
    )


def _evaluations(result: Result, opinion: Opinion | None) -> list[tuple[Code, Code]]:
    """The tier, what is not ruled out, the RSNA category by weights that learnt it, an opinion."""
    prediction, decision = result.prediction, result.prediction.decision
    found = [(TIER, tier_code(decision.tier))]
    if decision.usable:
        found += [
            (NOT_RULED_OUT, class_code(answer, prediction.answers))
            for answer in decision.candidates
        ]
        if prediction.category:
            found.append((CATEGORY, category_code(prediction.category)))
    if opinion:
        found.append((VERDICT, VERDICTS[opinion.verdict]))
        if opinion.reader_tier:
            found.append((READER_TIER, tier_code(opinion.reader_tier)))
    return found


def _boxes(opinion: Opinion | None) -> list[str]:
    """Each box of a reader's, in words: the film may be kept turned, or in other pixels."""
    sides = ("left", "top", "right", "bottom")
    return [
        ", ".join(f"{side} {share:.4f}" for side, share in zip(sides, box, strict=True)) + _AS_SHOWN
        for box in (opinion and opinion.boxes) or ()
    ]


def _shares(result: Result) -> list[tuple[Code, float]]:
    """All figures that are shares, 0 to 1, by name; of an answer that may be used."""
    prediction, point = result.prediction, result.prediction.decision.point
    if not prediction.decision.usable:
        return []
    shares = [
        (probability_of(f, prediction.score_of(f.display_name)), prediction.probability(f))
        for f in prediction.answers
    ]
    shares.append((THRESHOLD, point.threshold))
    for name, cost in zip((SENSITIVITY, SPECIFICITY), point.costs, strict=True):
        shares.append((name, cost.value if cost else math.nan))
    shares.append((HEAT_IN_LUNGS, result.heat_in_lungs if result.heat_drawn else math.nan))
    if result.opacity:
        shares.append((OPACITY_PEAK, result.opacity.peak))
        shares.append((OPACITY_IN_LUNGS, result.opacity.share_inside(result.lungs)))
    if prediction.appearances is not None:
        shares += zip(map(share_of, APPEARANCES), prediction.appearances.tolist(), strict=True)
    return [(name, share) for name, share in shares if math.isfinite(share)]


def _comments(result: Result) -> list[str]:
    prediction = result.prediction
    usable = prediction.decision.usable
    flags, checks = [flag.sentence for flag in result.flags], result.checks
    shown = checks if usable else None  # else its flags say what was found
    checked = check_sentences(shown, drawn=result.heat_drawn) if shown else []
    opacity = opacity_in_words(result.opacity, result.lungs)[0] if result.opacity else ""
    category = category_in_words(prediction) if usable else ""
    said = [
        prediction.decision.sentence,
        *flags,
        *(text for text in (result.predictive_values, result.elsewhere) if text),
        *([f"{opacity} {result.worth.opacity}"] if opacity else []),
        *([f"RSNA category: {category} {result.worth.category}"] if category else []),
        *([f"Evidence map. {result.worth.evidence}"] if result.worth.evidence else []),
        *(text for text in checked if text not in flags),
    ]
    return [WARNING, CAVEAT, *(text.translate(PLAIN_QUOTES) for text in said)]
