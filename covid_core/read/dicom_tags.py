"""A DICOM file's tags, by pydicom, with the traps of its format closed."""

from __future__ import annotations

import logging
import math
import re
import warnings
import zlib
from typing import Any

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from covid_core.errors import RefusedFile
from covid_core.read.file_kinds import has_preamble, unknown_format
from covid_core.read.limits import BoundedFile
from covid_core.read.private_interfaces import read_file_meta

# pydicom's warnings quote the values they are about, and those may be a patient's; its log too.
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MAX_INFLATED_BYTES = 128 * 1024 * 1024  # 40 million pixels take 76 of them
MAX_INFLATION = 100  # times the deflated size
_SMALL_BYTES = 1024 * 1024  # of which more is no bomb, whatever the deflated size
_PREAMBLE_BYTES = 132
_EXECUTABLE_PREAMBLES = (b"MZ", b"\x7fELF", b"#!")  # CVE-2019-11687: a DICOM file that also runs
_PICTURE_BYTES = 1024 * 1024  # no other tag is as large
_PICTURE = "PixelData"
_OF_ANY_FILM = ("SOPClassUID", "Rows")  # without a preamble, what else may it be?
_TABLE = re.compile("(VOI|Modality)LUTSequence|.*PaletteColorLookupTableData")
_MAX_TABLE_BYTES = 512 * 1024
_MAX_TAG_BYTES = 16 * 1024


def film_tags(data: bytes) -> FileDataset:
    """The tags of a DICOM file, without those that are longer than any that describes a radiograph.

    Such a tag takes seconds to convert, with a value for every other byte. Raises RefusedFile.
    """
    try:
        dataset = parse(data)
        for tag in list(dataset.keys()):
            raw = dataset.get_item(tag)
            if isinstance(raw, RawDataElement) and raw.length > _most_bytes(raw.tag):
                del dataset[tag]
    except RefusedFile:
        raise
    # Where tags are damaged pydicom raises any of its own errors, or of Python's, and those may
    # quote a patient's: they are not kept.
    except Exception:
        raise _cut_short() from None
    if has_preamble(data) and not len(dataset):  # pydicom says nothing of an item that never ends
        raise _cut_short()
    if not has_preamble(data) and not any(name in dataset for name in _OF_ANY_FILM):
        raise unknown_format()
    return dataset


def _cut_short() -> RefusedFile:
    return RefusedFile(
        "corrupt",
        "its DICOM tags can't be read to their end: it was cut short, or is damaged",
        "Export the image again from the archive",
    )


def _most_bytes(tag: BaseTag) -> float:
    name = keyword_for_tag(tag)
    if name == _PICTURE:
        return math.inf
    return _MAX_TABLE_BYTES if _TABLE.fullmatch(name) else _MAX_TAG_BYTES


def parse(data: bytes) -> FileDataset:
    """All tags of a DICOM file, its pixels not decoded, and no copy of `data`.

    Raises RefusedFile where it is a program too, inflates without bounds, or holds too many tags;
    pydicom's errors, and Python's, where it is damaged.
    """
    if data.startswith(_EXECUTABLE_PREAMBLES):
        raise RefusedFile(
            "executable_preamble",
            "its preamble is a program's, not a radiograph's",
            "Do not open this file; ask who made it",
        )
    file = BoundedFile(data)
    file.seek(_PREAMBLE_BYTES if has_preamble(data) else 0)
    # dcmread's own reader: with another, a file could show a harmless syntax here, and it the bomb.
    meta = read_file_meta(file)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        return _inflated(meta, file.read())
    return pydicom.dcmread(_InPlace(data), force=True)


class _InPlace(BoundedFile):
    """A file whose picture is read as a view of its bytes: large copies cost more than parsing."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._view = memoryview(data)

    def read(self, size: int | None = -1, /) -> Any:
        if size is None or size < _PICTURE_BYTES:
            return super().read(size)
        start = self.tell()
        self.seek(start + size)
        return self._view[start : start + size]


def _inflated(meta: FileMetaDataset, deflated: bytes) -> FileDataset:
    """A deflated file as a plain one. pydicom inflates without a limit: 1 MB became 2 GB."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    most = min(MAX_INFLATED_BYTES, max(_SMALL_BYTES, MAX_INFLATION * len(deflated)))
    body = inflater.decompress(deflated, most)
    if len(body) == most and not inflater.eof:
        raise RefusedFile(
            "too_large",
            f"it inflates to more than {most / 1024**2:.0f} MiB",
            "Export it without deflating",
        )
    # Not through dcmread: a body that opens with another meta group would be inflated once more.
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = read_dataset(_InPlace(body), is_implicit_VR=False, is_little_endian=True)
    return FileDataset("", dataset, None, meta, is_implicit_VR=False, is_little_endian=True)
