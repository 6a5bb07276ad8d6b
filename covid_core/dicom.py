"""DICOM radiographs to grey, by pydicom, with gdcm for the compressions that CR and DX use.

The order is the standard's (PS3.3 C.11): modality rescale, then VOI LUT or window, then MONOCHROME1
turned round. Patient and study tags are never read here.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
import zlib
from typing import Any, NamedTuple

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filereader import _read_file_meta_info, read_dataset
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from covid_core.decompress import decompressed
from covid_core.errors import RefusedFile
from covid_core.radiograph import Unwindowed, View, check_bounds, grey_from_counts, is_coloured

# pydicom's warnings quote the values they are about, and those may be a patient's; its log too.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MAX_INFLATED_BYTES = 256 * 1024 * 1024
_COLOUR_NOTE = "a colour picture: turned to grey"
_PREAMBLE_BYTES = 132
_EXECUTABLE_PREAMBLES = (b"MZ", b"\x7fELF", b"#!")  # CVE-2019-11687: a DICOM file that also runs
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
    """A decoded picture: `pixels` float32 (height, width) 0 to 1, format with its compression,
    view, what decoding had to do, whether it was a colour picture, and what its window hides."""

    pixels: np.ndarray
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
        counts = _stored_values(dataset, data, notes)
        inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
        counts, whole = _displayed_values(dataset, counts, notes)
        pixels = grey_from_counts(counts)
        if inverted:
            pixels = np.float32(1) - pixels
            notes.append("stored inverted (MONOCHROME1): turned back")
        view = _VIEWS.get(str(dataset.get("ViewPosition", "")).strip().upper(), View.UNKNOWN)
        return DicomFilm(
            pixels,
            f"DICOM, {dataset.file_meta.TransferSyntaxUID.name}",
            view,
            tuple(notes),
            _COLOUR_NOTE in notes,
            None if whole is None else _unwindowed(dataset, whole, inverted),
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


def parse(data: bytes) -> FileDataset:
    """All tags of a DICOM file, its pixels not decoded. Raises RefusedFile where it is a program
    too, or inflates without bounds; pydicom's errors, and Python's, where it is damaged."""
    if data.startswith(_EXECUTABLE_PREAMBLES):
        raise RefusedFile(
            "executable_preamble",
            "its preamble is a program's, not a radiograph's",
            "Do not open this file; ask who made it",
        )
    file = io.BytesIO(data)
    file.seek(_PREAMBLE_BYTES)
    # dcmread's own reader: with another, a file could show a harmless syntax here, and it the bomb.
    meta = _read_file_meta_info(file)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        return _inflated(meta, file.read())
    return pydicom.dcmread(io.BytesIO(data))


def _inflated(meta: FileMetaDataset, deflated: bytes) -> FileDataset:
    """A deflated file as a plain one. pydicom inflates without a limit: 1 MB became 2 GB."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(deflated, MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise RefusedFile(
            "too_large",
            f"it inflates to more than {MAX_INFLATED_BYTES // 1024**2} MiB",
            "Export it without deflating",
        )
    # Not through dcmread: a body that opens with another meta group would be inflated once more.
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = read_dataset(io.BytesIO(body), is_implicit_VR=False, is_little_endian=True)
    return FileDataset("", dataset, None, meta, is_implicit_VR=False, is_little_endian=True)


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


def _stored_values(dataset: Dataset, data: bytes, notes: list[str]) -> np.ndarray:
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        counts = decompressed(data)
        if counts is None:
            raise RefusedFile(
                "undecodable",
                f"its compression ({syntax.name}) can't be decoded here, or the picture is damaged",
                "Export it again, uncompressed (Explicit VR Little Endian)",
            )
    else:
        counts = dataset.pixel_array
    if counts.shape[:2] != (dataset.Rows, dataset.Columns):
        raise RefusedFile(
            "corrupt", "its picture has another size than its header says", "Export it again"
        )
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        counts = apply_color_lut(counts, dataset)
    if counts.ndim == 3:  # pydicom gives RGB, also of YBR
        if is_coloured(counts * (255 / max(int(counts.max()), 1))):
            notes.append(_COLOUR_NOTE)
        counts = counts @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
    return counts


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


def _unwindowed(dataset: Dataset, counts: np.ndarray, inverted: bool) -> Unwindowed | None:
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
    return Unwindowed(np.rint(grey * 65535).astype(np.uint16), float(low), float(high))


def _first(value: Any) -> float:
    """Of a tag that may hold several windows, the one that is applied."""
    return float(value[0] if isinstance(value, MultiValue) else value)
