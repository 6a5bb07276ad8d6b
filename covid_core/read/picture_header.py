"""What a DICOM file's header says of how its picture is stored, as far as it can be made use of."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from covid_core.errors import RefusedFile
from covid_core.read.dicom_values import Tags

GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOURS = (
    "RGB",
    "PALETTE COLOR",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_420",
    "YBR_PARTIAL_422",
    "YBR_ICT",
    "YBR_RCT",
)
_NO_LETTER = re.compile("[^A-Z0-9]")
_INTERPRETATIONS = {_NO_LETTER.sub("", name): name for name in (*GREY, *_COLOURS)}
_WORDS = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """How a file stores its picture.

    `samples`: 1 for grey and palettes, 3 for colours. `allocated`, `stored`: bits of a word, and
    those of them that count, the highest of which is bit `high`. `signed`: two's complement.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool
    syntax: UID

    @property
    def is_grey(self) -> bool:
        """Whether it has one sample a pixel, and no palette."""
        return self.photometric in GREY and self.samples == 1

    @property
    def is_compressed(self) -> bool:
        """Whether the file holds the picture in a compression."""
        return bool(self.syntax.is_encapsulated)

    @property
    def big_endian(self) -> bool:
        """Whether a word's highest byte comes first in the file."""
        return not self.syntax.is_little_endian

    @property
    def lowest(self) -> int:
        """The least value that the stored bits can hold."""
        return -(2 ** (self.stored - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """The greatest value that the stored bits can hold."""
        return 2 ** (self.stored - self.signed) - 1

    def word_type(self) -> np.dtype:
        """The type of a word, or of a colour's sample, as it lies in an uncompressed file."""
        order, kind = ">" if self.big_endian else "<", "i" if self.signed else "u"
        return np.dtype(f"{order}{kind}{self.allocated // 8}")

    def stored_values(self, words: np.ndarray) -> np.ndarray:
        """The numbers in the stored bits of each word (PS3.5, 8.1.1).

        What stands in its other bits means nothing. The words of a compressed file are numbers
        already.
        """
        below = self.high + 1 - self.stored
        above = self.allocated - self.high - 1
        if self.is_compressed or not (above or below) or words.dtype.kind not in "iu":
            return words
        values: np.ndarray = words << above >> (above + below)
        return values

    def as_word(self, number: int) -> int:
        """A tag's number as a word, whichever sign its own representation gave it."""
        return _with_sign(number % 2**self.allocated, self.allocated, self.signed)

    def as_stored(self, number: int) -> int:
        """A tag's number as a value of the stored bits, where it is one, or else as a word."""
        word = self.as_word(number)
        if self.signed and 2 ** (self.stored - 1) <= word < 2**self.stored:
            return word - 2**self.stored
        return word

    def put_into(self, dataset: Dataset) -> None:
        """Write it into a dataset: pydicom decodes by the tags, and raises for an odd one."""
        assert isinstance(dataset, FileDataset)
        dataset.Rows, dataset.Columns = self.rows, self.columns
        dataset.SamplesPerPixel = self.samples
        dataset.PhotometricInterpretation = self.photometric
        dataset.BitsAllocated, dataset.BitsStored = self.allocated, self.stored
        dataset.HighBit, dataset.PixelRepresentation = self.high, int(self.signed)
        dataset.file_meta.TransferSyntaxUID = self.syntax


def read_header(tags: Tags) -> PictureHeader:
    """The header of a picture, with a note for what it lacks or gets wrong.

    Raises RefusedFile (`bad_header`, `undecodable`) where no picture could be made of it.
    """
    rows, columns = tags.required("Rows"), tags.required("Columns")
    samples, photometric = _colours(tags)
    allocated = tags.required("BitsAllocated")
    if allocated not in (1, *_WORDS):
        raise RefusedFile(
            "bad_header",
            f"its header allocates {allocated} bits for each pixel",
            "Export it again, with 8 or 16 bits",
        )
    stored = tags.whole_number("BitsStored")
    if stored is None or not 0 < stored <= allocated:
        tags.leave_aside("BitsStored", f"it is not from 1 to {allocated}")
        stored = allocated
    high = tags.whole_number("HighBit")
    if high is None or not stored <= high + 1 <= allocated:
        tags.leave_aside("HighBit", f"it does not fit {stored} of {allocated} bits")
        high = stored - 1
    signed = tags.whole_number("PixelRepresentation") or 0
    if signed not in (0, 1):
        tags.leave_aside("PixelRepresentation", "it is neither 0 nor 1")
    return PictureHeader(
        rows, columns, samples, photometric, allocated, stored, high, signed == 1, _syntax(tags)
    )


def _with_sign(word: int, bits: int, signed: bool) -> int:
    return word - 2**bits if signed and word >= 2 ** (bits - 1) else word


def _colours(tags: Tags) -> tuple[int, str]:
    """Samples per pixel and the photometric interpretation, each from the other if need be."""
    said = _NO_LETTER.sub("", tags.text("PhotometricInterpretation").upper())
    photometric = _INTERPRETATIONS.get(said)
    samples = tags.whole_number("SamplesPerPixel")
    if photometric is None:
        tags.leave_aside("PhotometricInterpretation", "it is none that the standard knows")
        photometric = "RGB" if samples == 3 else "MONOCHROME2"
    wanted = 1 if photometric in (*GREY, "PALETTE COLOR") else 3
    if samples != wanted:
        tags.leave_aside("SamplesPerPixel", f"{photometric} has {wanted}")
    return wanted, photometric


def _syntax(tags: Tags) -> UID:
    """How the file is encoded; where it does not say, as pydicom found it to be."""
    dataset = tags.dataset
    assert isinstance(dataset, FileDataset)
    try:
        said = dataset.file_meta.get("TransferSyntaxUID")
    except Exception:  # pydicom converts the tag now, and raises any of its errors
        said = None
    if not said:
        implicit, little = dataset.original_encoding
        if implicit:
            return ImplicitVRLittleEndian
        return ExplicitVRBigEndian if little is False else ExplicitVRLittleEndian
    syntax = UID(str(said))
    if not syntax.is_transfer_syntax or syntax.is_private:
        raise RefusedFile(
            "undecodable",
            "it is encoded in a way that is not known here (its Transfer Syntax UID)",
            "Export it again, uncompressed (Explicit VR Little Endian)",
        )
    return syntax
