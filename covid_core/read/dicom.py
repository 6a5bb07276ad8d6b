"""DICOM radiographs to grey, by pydicom, with gdcm for the compressions that CR and DX use.

The order is the standard's (PS3.3 C.11): modality rescale, then VOI LUT or window, then MONOCHROME1
turned round. Patient and study tags are never read here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from covid_core.errors import RefusedFile
from covid_core.read.dicom_tags import film_tags
from covid_core.read.grey_levels import Film, Stored
from covid_core.read.radiograph import (
    Unwindowed,
    View,
    check_bounds,
    flat_below,
    grey_from_counts,
    is_coloured,
)
from covid_core.read.sandbox import Decoded, in_child

_COLOUR_NOTE = "a colour picture: turned to grey"
_RADIOGRAPHY = frozenset({"", "CR", "DX", "DR", "RG", "RF", "OT", "SC", "PX"})
_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
_STRAIGHT = ("LINEAR", "LINEAR_EXACT")
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
_SAMPLE_PX = 512  # the side at which colour is looked for
_BAND_ROWS = 256
# What is named back to the user: what else stands in such a tag may be a name.
_MODALITIES = ("CT", "MR", "US", "NM", "PT", "MG", "XA", "XC", "ES", "ECG", "OP", "SR", "PR")
_PARTS = (
    "ABDOMEN", "ANKLE", "ARM", "CSPINE", "ELBOW", "EXTREMITY", "FOOT", "FOREARM", "HAND", "HEAD",
    "HIP", "KNEE", "LEG", "LSPINE", "NECK", "PELVIS", "SHOULDER", "SKULL", "SPINE", "TSPINE",
    "WRIST",
)  # fmt: skip
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
        dataset = film_tags(data)
        notes: list[str] = []
        _check_header(dataset, notes)
        stored = _stored(dataset, data, notes)
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        shown, whole = _displayed_values(dataset, stored.values, notes)
        greys = grey_from_counts(shown)
        if inverted:
            greys = np.float32(1) - greys
            notes.append("stored inverted (MONOCHROME1): turned back")
        film = stored.film(greys)
        if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
            notes += flat_below(film)
        view = _VIEWS.get(str(dataset.get("ViewPosition", "")).strip().upper(), View.UNKNOWN)
        return DicomFilm(
            film,
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


def unpacked(data: bytes) -> Decoded:
    """The stored values of a compressed file, as `pixel_array` gives them, and nothing to tell."""
    dataset = film_tags(data)
    dataset.PixelData = bytes(dataset.PixelData)  # pydicom takes frames out of no view
    return dataset.pixel_array, {}


def _check_header(dataset: Dataset, notes: list[str]) -> None:
    modality = str(dataset.get("Modality", "")).strip().upper()
    if modality not in _RADIOGRAPHY:
        named = f"modality {modality}" if modality in _MODALITIES else "another modality"
        raise RefusedFile(
            "wrong_modality",
            f"it is of {named}, not a radiograph (CR, DX)",
            "Choose the frontal chest radiograph of the study",
        )
    if "PixelData" not in dataset:
        raise RefusedFile(
            "no_pixels", "this DICOM file holds no picture", "Choose the image, not its report"
        )
    frames = int(dataset.get("NumberOfFrames") or 1)
    compressed = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    rich = compressed or not _is_grey(dataset) or dataset.BitsAllocated > 16
    check_bounds(int(dataset.Columns), int(dataset.Rows), frames, rich=rich)
    part = str(dataset.get("BodyPartExamined", "")).strip().upper()
    if part and not any(name in part for name in _CHEST):
        named = part.lower() if part in _PARTS else "another"
        notes.append(f"the file says that the body part is {named}, not the chest")


def _stored(dataset: Dataset, data: bytes, notes: list[str]) -> Stored:
    syntax = dataset.file_meta.TransferSyntaxUID
    grey = _is_grey(dataset)
    if syntax.is_encapsulated:
        decoded = in_child(unpacked, data)
        if decoded is None:
            raise RefusedFile(
                "undecodable",
                f"its compression ({syntax.name}) can't be decoded here, or the picture is damaged",
                "Export it again, uncompressed (Explicit VR Little Endian)",
            )
        counts = decoded[0]
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


def _is_grey(dataset: Dataset) -> bool:
    return dataset.PhotometricInterpretation in _MONOCHROME and dataset.get("SamplesPerPixel") == 1


def _without_unused_bits(dataset: Dataset, stored: Stored) -> Stored:
    """What may stand in the bits above those that are stored means nothing (PS3.5, 8.1.1). pydicom
    would clear them in each pixel."""
    unused = dataset.BitsAllocated - dataset.BitsStored
    if not unused or stored.values.dtype.kind not in "iu":
        return stored
    return replace(stored, values=stored.values << unused >> unused)


def _brightness(dataset: Dataset, counts: np.ndarray, notes: list[str]) -> np.ndarray:
    """Of colours; pydicom gives RGB, also of YBR. In bands, for all at once take 24 bytes each."""

    def colours(some: np.ndarray) -> np.ndarray:
        palette = dataset.PhotometricInterpretation == "PALETTE COLOR"
        return apply_color_lut(some, dataset) if palette else some

    step = max(min(counts.shape[:2]) // _SAMPLE_PX, 1)
    sample = colours(counts[::step, ::step])
    if sample.ndim < 3:
        return counts
    if is_coloured(sample * (255 / max(int(sample.max()), 1))):
        notes.append(_COLOUR_NOTE)
    brightness = np.empty(counts.shape[:2], np.float32)
    for top in range(0, len(counts), _BAND_ROWS):
        band = slice(top, top + _BAND_ROWS)
        brightness[band] = colours(counts[band])[..., :3] @ _BRIGHTNESS
    return brightness


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
