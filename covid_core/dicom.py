"""DICOM radiographs to grey, by pydicom, with gdcm for the compressions that CR and DX use.

The order is the standard's (PS3.3 C.11): modality rescale, then VOI LUT or window, then MONOCHROME1
turned round. Patient and study tags are never read here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from covid_core.decompress import decompressed
from covid_core.dicom_parse import parse
from covid_core.errors import RefusedFile
from covid_core.levels import Film, Stored
from covid_core.radiograph import Unwindowed, View, check_bounds, grey_from_counts, is_coloured

__all__ = ["DicomFilm", "decode_dicom", "parse"]

_COLOUR_NOTE = "a colour picture: turned to grey"
_RADIOGRAPHY = frozenset({"", "CR", "DX", "DR", "RG", "RF", "OT", "SC", "PX"})
_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_STRAIGHT = ("LINEAR", "LINEAR_EXACT")
_CODE = re.compile("[A-Z][A-Z ]{0,15}")
_CHEST = ("CHEST", "THORAX", "LUNG")
_VIEWS = {
    "PA": View.PA,
    "AP": View.AP,
    "LL": View.LATERAL,
    "RL": View.LATERAL,
    "LATERAL": View.LATERAL,
}


class DicomFilm(NamedTuple):
    """A decoded picture, its format with its compression, its view, what decoding had to do,
    whether it was a colour picture, and what its window hides."""

    film: Film
    source_format: str
    view: View
    notes: tuple[str, ...]
    coloured: bool
    unwindowed: Unwindowed | None


def decode_dicom(data: bytes) -> DicomFilm:
    """Decode one radiograph.

    Refuses several frames, another modality than radiography, and what can't be decoded, before a
    pixel is touched where the header tells. Raises RefusedFile.
    """
    try:
        dataset = parse(data)
        notes: list[str] = []
        _check_header(dataset, notes)
        stored = _stored(dataset, data, notes)
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        shown, whole = _displayed_values(dataset, stored.values, notes)
        greys = grey_from_counts(shown)
        if inverted:
            greys = np.float32(1) - greys
            notes.append("stored inverted (MONOCHROME1): turned back")
        view = _VIEWS.get(str(dataset.get("ViewPosition", "")).strip().upper(), View.UNKNOWN)
        return DicomFilm(
            stored.film(greys),
            f"DICOM, {dataset.file_meta.TransferSyntaxUID.name}",
            view,
            tuple(notes),
            _COLOUR_NOTE in notes,
            None if whole is None else _unwindowed(dataset, stored, whole, inverted),
        )
    except RefusedFile:
        raise
    # pydicom trusts its input: damage shows as any of its own errors, or as Python's.
    except Exception as error:
        raise RefusedFile(
            "corrupt",
            "it is a damaged DICOM file, or one without a picture",
            "Export the image again from the archive",
        ) from error


def _check_header(dataset: Dataset, notes: list[str]) -> None:
    modality = str(dataset.get("Modality", "")).strip().upper()
    if modality not in _RADIOGRAPHY:
        raise RefusedFile(
            "wrong_modality",
            f"it is of modality {modality[:16]!r}, not a radiograph (CR, DX)",
            "Choose the frontal chest radiograph of the study",
        )
    if "PixelData" not in dataset:
        raise RefusedFile(
            "no_pixels", "this DICOM file holds no picture", "Choose the image, not its report"
        )
    check_bounds(int(dataset.Columns), int(dataset.Rows), int(dataset.get("NumberOfFrames") or 1))
    part = str(dataset.get("BodyPartExamined", "")).strip().upper()
    if part and not any(name in part for name in _CHEST):
        # A code, and nothing else that may stand there.
        named = part.lower() if _CODE.fullmatch(part) else "another"
        notes.append(f"the file says that the body part is {named}, not the chest")


def _stored(dataset: Dataset, data: bytes, notes: list[str]) -> Stored:
    syntax = dataset.file_meta.TransferSyntaxUID
    grey = dataset.PhotometricInterpretation in _MONOCHROME and dataset.get("SamplesPerPixel") == 1
    if syntax.is_encapsulated:
        counts = decompressed(data)
        if counts is None:
            raise RefusedFile(
                "undecodable",
                f"its compression ({syntax.name}) can't be decoded here, or the picture is damaged",
                "Export it again, uncompressed (Explicit VR Little Endian)",
            )
    else:
        dataset.pixel_array_options(view_only=grey, correct_unused_bits=not grey)
        counts = dataset.pixel_array
    if counts.shape[:2] != (dataset.Rows, dataset.Columns):
        raise RefusedFile(
            "corrupt", "its picture has another size than its header says", "Export it again"
        )
    if not grey:
        return Stored.of(_brightness(dataset, counts, notes))
    stored = Stored.of(counts)
    return stored if syntax.is_encapsulated else _without_unused_bits(dataset, stored)


def _without_unused_bits(dataset: Dataset, stored: Stored) -> Stored:
    """What may stand in the bits above those that are stored means nothing (PS3.5, 8.1.1). pydicom
    would clear them in each pixel."""
    unused = dataset.BitsAllocated - dataset.BitsStored
    if not unused or stored.values.dtype.kind not in "iu":
        return stored
    return replace(stored, values=stored.values << unused >> unused)


def _brightness(dataset: Dataset, counts: np.ndarray, notes: list[str]) -> np.ndarray:
    """Of colours; pydicom gives RGB, also of YBR."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        counts = apply_color_lut(counts, dataset)
    if counts.ndim < 3:
        return counts
    if is_coloured(counts * (255 / max(int(counts.max()), 1))):
        notes.append(_COLOUR_NOTE)
    return counts @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"


def _displayed_values(
    dataset: Dataset, counts: np.ndarray, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """What the file says is to be seen; and all it holds, where that is more."""
    if dataset.PhotometricInterpretation not in _MONOCHROME:
        return counts, None  # neither padding, rescale nor window is meant for colours
    padding = dataset.get("PixelPaddingValue")
    outside = counts == padding if padding is not None else None
    if outside is not None and not outside.all():
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        inside = counts[~outside]
        counts = np.where(outside, inside.max() if inverted else inside.min(), counts)
    rescale = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if dataset.get("ModalityLUTSequence") or None not in rescale:  # anonymisers leave them empty
        counts = apply_modality_lut(counts, dataset)
    windowed = apply_voi_lut(counts, dataset)
    if windowed is counts:
        return counts, None
    notes.append("shown through the window stored in the file")
    return windowed, counts


def _unwindowed(
    dataset: Dataset, stored: Stored, counts: np.ndarray, inverted: bool
) -> Unwindowed | None:
    """Before the window; None where it is no straight line, and so has no two ends."""
    function = str(dataset.get("VOILUTFunction", "") or "LINEAR")
    if "VOILUTSequence" in dataset or function not in _STRAIGHT:
        return None
    grey = grey_from_counts(counts)
    centre, width = (_first(dataset[name].value) for name in ("WindowCenter", "WindowWidth"))
    if function == "LINEAR":  # PS3.3 C.11.2.1.2: of integers, so half a step off and a step less
        centre, width = centre - 0.5, width - 1
    lowest, highest = float(counts.min()), float(counts.max())
    ends = np.array([centre - width / 2, centre + width / 2])
    low, high = np.clip((ends - lowest) / (highest - lowest), 0, 1)
    if not low < high:
        return None
    if inverted:
        grey, low, high = np.float32(1) - grey, 1 - high, 1 - low
    values = np.rint(grey * 65535).astype(np.uint16)
    if stored.codes is None:
        return Unwindowed(values, None, float(low), float(high))
    return Unwindowed(stored.codes, stored.table(values), float(low), float(high))


def _first(value: Any) -> float:
    """Of a tag that may hold several windows, the one that is applied."""
    return float(value[0] if isinstance(value, MultiValue) else value)
