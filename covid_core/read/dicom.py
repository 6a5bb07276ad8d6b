"""DICOM radiographs to grey, by pydicom, with gdcm for the compressions that CR and DX use.

The greys are made in the standard's order (`grey_chain`), then the film is turned and stretched as
the file says that it lies (`geometry`). Each optional tag is read by itself: one that makes no
sense is left aside, with a note. Of the patient and the study nothing is kept but whether it is a
child's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import JPEGExtended12Bit

from covid_core.errors import RefusedFile
from covid_core.read.anatomy_words import note_body_part, parse_view
from covid_core.read.dicom_tags import film_tags
from covid_core.read.dicom_values import Tags, value_of
from covid_core.read.geometry import (
    Turn,
    is_frontal,
    square_size,
    stretch_film,
    stretch_unwindowed,
    turn_film,
    turn_unwindowed,
)
from covid_core.read.grey_chain import Shown, show
from covid_core.read.grey_levels import Film, Stored
from covid_core.read.picture_header import PictureHeader, read_header
from covid_core.read.radiograph import (
    ADULT_YEARS,
    Unwindowed,
    View,
    check_bounds,
    flat_below,
    grey_from_counts,
    is_coloured,
    range_of,
)
from covid_core.read.sandbox import Decoded, decode_in_child
from covid_core.read.spacing import pixel_mm, pixel_ratio
from covid_core.read.units import Units

_COLOUR_NOTE = "a colour picture: turned to grey"
_RADIOGRAPHY = frozenset({"", "CR", "DX", "DR", "RG", "RF", "OT", "SC", "PX"})
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
_AGE = re.compile(r"(\d{1,3})([DWMY])", re.ASCII)
_DAY = re.compile(r"(19|20)\d{6}", re.ASCII)
_RAW_NOTE = (
    "raw data of the detector (FOR PROCESSING), which no radiologist reads: send the image that was"
    " made for presentation"
)
_A_YEAR = {"D": 365, "W": 52, "M": 12, "Y": 1}
_SAMPLE_PX = 512  # the side at which colour is looked for
_BAND_ROWS = 256
# What is named back to the user: what else stands in such a tag may be a name.
_MODALITIES = ("CT", "MR", "US", "NM", "PT", "MG", "XA", "XC", "ES", "ECG", "OP", "SR", "PR")


class DicomFilm(NamedTuple):
    """A decoded DICOM picture, and what decoding found.

    `source_format`: DICOM with its compression. `notes`: what decoding had to do. `unwindowed`:
    what its window hides. `child`: by the patient's age, or the days of birth and
    study. `units`: what the file says of values, pixels and sides.
    """

    film: Film
    source_format: str
    view: View
    notes: tuple[str, ...]
    coloured: bool
    unwindowed: Unwindowed | None
    child: bool
    units: Units


def decode_dicom(data: bytes) -> DicomFilm:
    """Decode one radiograph.

    Refuses several frames, another modality than radiography, and what can't be decoded, before a
    pixel is touched where the header says so. Raises RefusedFile.
    """
    notes: list[str] = []
    tags = Tags(film_tags(data), notes)
    header = _read_header(tags)
    ratio = pixel_ratio(tags)
    size = square_size(header.columns, header.rows, ratio)
    _check_size(tags, header, size)
    if body_part := note_body_part(tags.text("BodyPartExamined")):
        notes.append(body_part)
    if tags.text("PresentationIntentType").strip().upper() == "FOR PROCESSING":
        notes.append(_RAW_NOTE)
    stored = _stored(tags, header, data)
    counts = None if stored.counts is None else stored.counts[stored.counts > 0]
    shown = show(stored.values, counts, header, tags) if header.is_grey else _scale(stored)
    film = stored.film(shown.greys)
    if header.is_compressed:
        notes += flat_below(film)
    whole = _unwindowed(stored, shown)
    if size != (header.columns, header.rows):
        film = stretch_film(film, size)
        whole = whole and stretch_unwindowed(whole, size)
        notes.append(f"its pixels are {ratio:.3g} times as high as wide: shown with square pixels")
    orientation = tags.text("PatientOrientation").upper()
    turn = Turn.from_orientation(orientation)
    if turn:
        film = turn_film(film, turn)
        whole = whole and turn_unwindowed(whole, turn)
        notes.append("turned as its Patient Orientation says")
    return DicomFilm(
        film,
        f"DICOM, {header.syntax.name}",
        _view(tags),
        tuple(notes),
        _COLOUR_NOTE in notes,
        whole,
        is_child(tags.text("PatientAge"), tags.text("PatientBirthDate"), tags.text("StudyDate")),
        Units(shown.values, *pixel_mm(tags), sides_known=is_frontal(orientation)),
    )


def is_child(age: str, born: str = "", taken: str = "") -> bool:
    """Whether a Patient's Age (PS3.5, 6.2: `012Y`, `006M`) is below ADULT_YEARS.

    An age of nothing is what anonymisers write, and says nothing: then the days of birth and of the
    study count (`20150131`), where the file has both.
    """
    found = _AGE.fullmatch(age.strip().upper())
    if found is not None and int(found[1]):
        return int(found[1]) / _A_YEAR[found[2]] < ADULT_YEARS
    days = [_DAY.fullmatch(day.strip()) for day in (born, taken)]
    if not all(days) or born.strip() >= taken.strip():  # one day for both is a dummy
        return False
    return int(taken) - int(born) < ADULT_YEARS * 10_000  # as years, months and days


def _view(tags: Tags) -> View:
    """The view by View Position, or else by the View Code Sequence that DX images have."""
    named = [tags.text("ViewPosition")]
    for code in tags.items("ViewCodeSequence"):
        named.append(Tags(code, tags.notes).text("CodeMeaning"))
    found = (parse_view(name) for name in named)
    return next((view for view in found if view is not View.UNKNOWN), View.UNKNOWN)


def decode_values(data: bytes) -> Decoded:
    """The stored values of a compressed file, as `pixel_array` gives them, and nothing besides."""
    dataset = film_tags(data)
    header = read_header(Tags(dataset, []))
    header.put_into(dataset)
    packed = bytes(value_of(dataset, "PixelData") or b"")  # pydicom takes frames out of no view
    if header.syntax == JPEGExtended12Bit and header.allocated > 8 and header.is_grey:
        from covid_core.read.jpeg_extended import decode_extended

        return decode_extended(next(generate_frames(packed, number_of_frames=1)), header), {}
    dataset.PixelData = packed
    return dataset.pixel_array, {}


def _read_header(tags: Tags) -> PictureHeader:
    modality = tags.text("Modality").strip().upper()
    if modality not in _RADIOGRAPHY:
        named = f"modality {modality}" if modality in _MODALITIES else "another modality"
        raise RefusedFile(
            "wrong_modality",
            f"it is of {named}, not a radiograph (CR, DX)",
            "Choose the frontal chest radiograph of the study",
        )
    if "PixelData" not in tags.dataset:
        raise RefusedFile(
            "no_pixels", "this DICOM file holds no picture", "Choose the image, not its report"
        )
    return read_header(tags)


def _check_size(tags: Tags, header: PictureHeader, size: tuple[int, int]) -> None:
    frames = tags.whole_number("NumberOfFrames") or 1
    rich = header.is_compressed or not header.is_grey or header.allocated > 16
    if min(header.columns, header.rows) < 1:
        size = header.columns, header.rows
    check_bounds(*size, frames, rich=rich)


def _stored(tags: Tags, header: PictureHeader, data: bytes) -> Stored:
    if header.is_compressed:
        decoded = decode_in_child(decode_values, data)
        if decoded is None:
            raise RefusedFile(
                "undecodable",
                f"its compression ({header.syntax.name}) can't be decoded here, or the picture is"
                " damaged",
                "Export it again, uncompressed (Explicit VR Little Endian)",
            )
        counts = decoded[0]
    elif header.is_grey and header.allocated > 1:
        counts = _words(tags.dataset, header)
    else:
        counts = _by_pydicom(tags.dataset, header)
    if counts.shape[:2] != (header.rows, header.columns):
        raise RefusedFile(
            "corrupt", "its picture has another size than its header says", "Export it again"
        )
    return Stored.of(counts if header.is_grey else _brightness(tags, header, counts))


def _words(dataset: Dataset, header: PictureHeader) -> np.ndarray:
    """The words of an uncompressed grey picture, a view of the file's bytes."""
    packed = memoryview(value_of(dataset, "PixelData") or b"")
    kind = header.word_type()
    pixels = header.rows * header.columns
    if packed.nbytes < pixels * kind.itemsize:
        raise _too_short(packed.nbytes, pixels * kind.itemsize)
    if header.big_endian and header.allocated == 8 and dataset["PixelData"].VR == "OW":
        packed = memoryview(np.frombuffer(packed, np.uint16).byteswap().tobytes())
    return np.frombuffer(packed, kind, pixels).reshape(header.rows, header.columns)


def _by_pydicom(dataset: Dataset, header: PictureHeader) -> np.ndarray:
    """Colours as pydicom gives them, RGB also of YBR, or the numbers of a palette's."""
    header.put_into(dataset)
    try:
        return dataset.pixel_array
    except Exception:  # of a header that contradicts itself, any of its errors
        raise RefusedFile(
            "corrupt",
            "its picture does not fit what its header says of its colours and size",
            "Export the image again from the archive",
        ) from None


def _too_short(held: int, wanted: int) -> RefusedFile:
    return RefusedFile(
        "corrupt",
        f"its picture is cut short: it holds {held} of the {wanted} bytes that its header promises",
        "Export the image again from the archive",
    )


def _brightness(tags: Tags, header: PictureHeader, counts: np.ndarray) -> np.ndarray:
    """The brightness of colours. In bands, for all at once take 24 bytes each."""

    def colours(some: np.ndarray) -> np.ndarray:
        palette = header.photometric == "PALETTE COLOR"
        return apply_color_lut(some, tags.dataset) if palette else some

    step = max(min(counts.shape[:2]) // _SAMPLE_PX, 1)
    try:
        sample = colours(counts[::step, ::step])
    except Exception:  # pydicom's, for a palette that lacks a part
        tags.leave_aside("RedPaletteColorLookupTableData", "the palette can't be read")
        return counts
    if sample.ndim < 3:
        return counts
    if is_coloured(sample * (255 / max(int(sample.max()), 1))):
        tags.notes.append(_COLOUR_NOTE)
    brightness = np.empty(counts.shape[:2], np.float32)
    for top in range(0, len(counts), _BAND_ROWS):
        band = slice(top, top + _BAND_ROWS)
        brightness[band] = colours(counts[band])[..., :3] @ _BRIGHTNESS
    return brightness


def _scale(stored: Stored) -> Shown:
    """The greys by their own range: neither padding, rescale nor window is meant for colours."""
    return Shown(grey_from_counts(stored.values), values=range_of(stored.values))


def _unwindowed(stored: Stored, shown: Shown) -> Unwindowed | None:
    if shown.whole is None:
        return None
    values = np.rint(shown.whole * 65535).astype(np.uint16)
    if stored.codes is None:
        return Unwindowed(values, None, shown.low, shown.high)
    return Unwindowed(stored.codes, stored.table(values), shown.low, shown.high)
