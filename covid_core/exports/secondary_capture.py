"""The film under its heat as a DICOM image that any archive and viewer takes: Secondary Capture."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from covid_core.exports.identity import (
    PLAIN_QUOTES,
    as_file,
    coded,
    object_attributes,
    stamp,
    study_uid_of,
)
from covid_core.exports.pictures import WARNING, captioned_pictures
from covid_core.extras import needing
from covid_core.present.flags import codes_of
from covid_core.present.result import Result
from covid_core.read.geometry import shown_orientation
from covid_core.read.patient_tags import Study

SERIES = "COVID-19 reader overlay, research use only"
_SERIES_NUMBER = 9001  # beyond those of a modality
_SOURCE = Code("121322", "DCM", "Source image for image processing operation")


def secondary_capture(result: Result, study: Study | None, *, keep_identity: bool) -> bytes:
    """The captioned pictures as a DICOM file, RGB, uncompressed.

    The same bytes for the same result.

    `keep_identity`: carry the study's patient and study tags and its UID, and name the source
    image, so that an archive files it there. Otherwise, and where there is no study, it carries a
    pseudonym and new UIDs. The picture is as given: a name burned into the film stays in it. Raises
    CovidCoreError where highdicom is not installed.
    """
    with needing("highdicom", "dicom"):
        from highdicom.sc import SCImage
    kept = study if keep_identity else None
    image = SCImage(
        pixel_array=captioned_pictures(result),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=study_uid_of(result, kept),
        series_number=_SERIES_NUMBER,
        series_description=SERIES,
        patient_orientation=(
            "L",
            "F",
        ),  # highdicom requires one; the study's own, or none, is put in below
        **object_attributes(result, kept, "capture"),
    )
    # pydicom takes a text of two values apart by itself.
    orientation = shown_orientation(kept.orientation) if kept else ""  # the film was turned
    image.PatientOrientation = orientation  # type: ignore[assignment]
    _describe(image, result, study)
    if kept and kept.class_uid and kept.instance_uid:
        image.SourceImageSequence = [_source(kept)]
    stamp(image, result, kept)
    return as_file(image)


def _describe(image: Dataset, result: Result, study: Study | None) -> None:
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.ConversionType = "WSD"  # made on a workstation
    image.BodyPartExamined = "CHEST"
    image.DateOfSecondaryCapture = result.made.strftime("%Y%m%d")
    image.TimeOfSecondaryCapture = result.made.strftime("%H%M%S")
    if study and study.burned_in:  # else not known: no name was sought in the picture
        image.BurnedInAnnotation = study.burned_in
    image.RecognizableVisualFeatures = "NO"
    image.ImageComments = WARNING
    description = (
        f"{_answer_with_codes(result)} {_caption(result)} Model {result.prediction.model},"
        f" weights SHA-256 {result.prediction.weights_sha256}. {WARNING}"
    )
    image.DerivationDescription = description.translate(PLAIN_QUOTES)


def _answer_with_codes(result: Result) -> str:
    """The answer and the codes of what speaks against it: sentences might exceed what ST holds."""
    codes = codes_of(result.flags)
    tier = result.prediction.decision.tier.heading
    return f"{tier}. Warnings: {codes}." if codes else f"{tier}."


def _caption(result: Result) -> str:
    if result.opacity is None:
        return result.caption
    return f"Left: {result.opacity_caption} Right: {result.caption}"


def _source(study: Study) -> Dataset:
    source = Dataset()
    source.ReferencedSOPClassUID = study.class_uid
    source.ReferencedSOPInstanceUID = study.instance_uid
    source.PurposeOfReferenceCodeSequence = [coded(_SOURCE)]
    return source
