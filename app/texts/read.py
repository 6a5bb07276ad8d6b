"""What the Read page says."""

from __future__ import annotations

from datetime import timedelta

from covid_core.model.decision import OperatingPoint
from covid_core.present.change import gap_in_words

TITLE = "Chest radiograph reader"
LEDE = (
    "Drop a frontal chest radiograph. The model says whether pneumonia is seen and how likely"
    " COVID-19 is, and shows where it sees opacities."
)
LIST = "Several films, the likeliest COVID-19 first."
PRIVATE = "Films stay on the machine that runs this page."
PHANTOMS = "No film at hand? Try a drawing; it shows no patient."
PHANTOM = "Synthetic phantom"
IS_PHANTOM = "A drawing: the numbers mean nothing."
PUBLIC = "Real radiographs to try"
PUBLIC_WORDS = (
    "Six public films. None of them trained the weights that come with this program, which get one"
    " of them wrong. Download one and drop it here."
)
PUBLIC_COLUMNS = ("Label", "File", "Collection", "Licence")
PUBLIC_DIGESTS = "Checksums (SHA-256)"
PUBLIC_DIGESTS_WORDS = (
    "Of {copy}, from which the list was made; the file as released has another checksum, and is"
    " recognised by a perceptual hash of its picture."
)
TRAINED_ON = "It, or a film that looks the same, trained this model."
NOT_TRAINED_ON = "It did not train this model."
TRAINED_UNKNOWN = "Whether it trained this model is not known."
READING = "Reading the film…"
CHECKING = "Preliminary answer: the checks are still running and may withhold it."
NO_LAYER = "No map"
NO_HEAT_YET = "No heat is drawn without a checked answer."

NO_MODEL = "There is no model to read films with."
ABSTAINED = "The model gives no answer."
NOT_READ = "This file could not be read."

SET = "Not ruled out: {names}."
SET_NONE = "No class fits well."
COVERAGE = (
    "The right answer is among these for {share} of 100 films like those of {sources}; at another"
    " hospital, for fewer."
)
NOTE = "Note: {note}."

POINT = "Operating point"
POINT_HELP = (
    "Rule-out: misses the fewest with COVID-19, and leaves more undecided. Rule-in: says “likely”"
    " less often. Balanced: between the two. “Site”: your own, from the Validate page."
)
PREVALENCE = "Prevalence, %"
PREVALENCE_HELP = "How common COVID-19 is among your films: the predictive values depend on it."
OUTDATED = (
    "The site profile was made for other weights or rules: its operating point is not used."
    " Validate again."
)
VALIDATE = "Validate these weights"

WHY = "Why this answer"
WHY_POINT = "Operating point"
WHY_SHORTCUTS = "Shortcuts"
WHY_GATE = "Checks before reading"
WHY_MORE = "How this came about, step by step"
CHART_ALT = "Probability of each class, and the operating point's threshold"

MORE_FLAGS = "More reasons for caution: {count}"
OPACITY_LAYER = "Opacity, as radiologists box it"
CATEGORY = "RSNA category"
CATEGORY_HELP = (
    "How the film looks, by the RSNA's consensus. A patient with COVID-19 may have any category."
)
CATEGORY_COLUMNS = ("RSNA category", "Network's share")
CATEGORY_ALT = "The network's share for each RSNA category"
FILM_ALT = "The radiograph"
WINDOWS = {
    "as stored": "As read",
    "whole range": "Whole range",
    "lungs": "Lung window",
    "soft tissue": "Soft tissue",
}

STUDY = "Patient and study"
STUDY_HELP = "From this DICOM file; shown here only, and not kept."
STUDY_SHOW = "Show this file's tags"

BESIDE_NOW = "This film"
ANSWERED = "The answer below is for: {name}"
BESIDE_THEN = "The other film"
BESIDE_STRANGER = "The files do not say that these are films of one patient."

EXPORT = "Export"
EXPORT_CLASS = "Evidence for"
EXPORT_PDF = "Report (PDF)"
EXPORT_PNG = "Overlay (PNG)"
EXPORT_OPACITY = "Opacity map (PNG)"
EXPORT_JSON = "Result (JSON)"
EXPORT_CAPTURE = "Overlay (DICOM Secondary Capture)"
EXPORT_SR = "Result (DICOM Structured Report)"
EXPORT_BUNDLE = "Case bundle (ZIP)"
EXPORT_BUNDLE_NOTE = (
    "The case bundle holds the film, the report and every check. `python -m covid_core replay FILE`"
    " makes it again from the film: proof that it is consistent, not of who made it."
)
EXPORT_IDENTITY = "Keep the patient's identity in the DICOM files"
EXPORT_IDENTITY_HELP = (
    "So that an archive files them with the study. Without it they hold new identifiers only."
)
SEND_OWN = "They will join the patient's own study there."
SEND_NOBODY = "They hold no identity: the archive will file them under a made-up patient."
NOT_MADE = "The files can't be made."
EXPORT_NOTE = (
    "The PDF, the PNG, the JSON file and the bundle hold no file name and none of the patient's"
    " tags."
)
SEND = "Send both DICOM files to {archive}"
SENT = "Both files were sent to {archive}."
MAKING = "Making the files…"
SENDING = "Sending…"
NOT_SENT = "The archive did not confirm that it has them."


def apart(gap: timedelta) -> str:
    """The other film's caption, where it was taken so much before this one."""
    if not gap:
        return "Same day"
    return f"{gap_in_words(abs(gap))} {'earlier' if gap > timedelta() else 'later'}"


def probability(score: str, value: str, point: OperatingPoint, positive: bool) -> str:
    """The disease's probability against the threshold, in words. `score`: what it is called."""
    side, threshold = "above" if positive else "below", f"{point.threshold:.2f}"
    if threshold == value:  # to two digits they are one
        threshold = f"{point.threshold:.4f}"
    return f"{score}: **{value}**, {side} the “{point.name}” threshold of {threshold}."


NOT_SOUGHT = "Names written into the picture itself are not looked for, and not removed."
BURNED_IN = (
    "This film's file says that names are written into its picture: they stay in the PDF, the PNG,"
    " the bundle and the DICOM overlay. Look before you give those away."
)
