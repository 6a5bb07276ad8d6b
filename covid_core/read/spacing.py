"""How large a DICOM file's pixels are: their shape, and their sides in mm."""

from __future__ import annotations

from covid_core.read.dicom_values import Tags
from covid_core.read.geometry import MOST_UNEQUAL

_CALIBRATED, _AT_DETECTOR, _SCANNED = (
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
)
# Height before width, each pair. The aspect ratio is for files that give no sizes.
_IN_MM = (_CALIBRATED, _AT_DETECTOR, _SCANNED)
_PIXEL_SIDES = (*_IN_MM, "PixelAspectRatio")
_LEAST_MM, _MOST_MM = 0.02, 5.0  # a detector's pixels are 0.1 to 0.2 mm
_SAME = 1e-3  # relative: spacings that differ by less are one


def pixel_ratio(tags: Tags) -> float:
    """How many times as high as wide its pixels are: 1 where the file does not say."""
    for keyword in _PIXEL_SIDES:
        sides = tags.numbers(keyword, 2)
        if not sides:
            continue
        height, width = sides[:2]
        if min(height, width) > 0 and 1 / MOST_UNEQUAL <= height / width <= MOST_UNEQUAL:
            return height / width
        tags.leave_aside(keyword, "no detector has such pixels")
    return 1.0


def pixel_mm(tags: Tags) -> tuple[float | None, bool]:
    """The shorter side of a pixel in mm, and whether it is measured at the detector.

    None where no tag says it, or says what no detector has. Pixel Spacing is the patient's only
    where it was calibrated: where its type is given, or it differs from the detector's (PS3.3
    10.7.1.3).
    """
    found = {keyword: _side(tags, keyword) for keyword in _IN_MM}
    for keyword, side in found.items():
        if side is not None:
            return side, not (keyword == _CALIBRATED and _is_calibrated(tags, found))
    return None, True


def _is_calibrated(tags: Tags, found: dict[str, float | None]) -> bool:
    own, detector = found[_CALIBRATED], found[_AT_DETECTOR]
    if tags.text("PixelSpacingCalibrationType").strip():
        return True
    return own is not None and detector is not None and abs(own / detector - 1) > _SAME


def _side(tags: Tags, keyword: str) -> float | None:
    sides = tags.numbers(keyword, 2)[:2]
    return min(sides) if sides and _LEAST_MM <= min(sides) <= max(sides) <= _MOST_MM else None
