"""What kind of file some bytes are, by the first of them: never by a name."""

from __future__ import annotations

import re

from covid_core.errors import RefusedFile

_RASTER_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", 0),
    (b"\xff\xd8\xff", 0),
    (b"II*\x00", 0),
    (b"MM\x00*", 0),
    (b"WEBP", 8),
)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # a ZIP file, and one that holds nothing
_PREAMBLE_BYTES = 128
# Of a file that was sent over a network and saved as it came: no preamble, and its first tag is one
# of group 0002 (the meta group) or 0008, with its value representation or without.
_FIRST = rb"[\x00\x01\x05\x06\x08\x12-\x14\x16\x18]"
_EXPLICIT = re.compile(
    rb"\x02\x00[\x00\x01]\x00(UL\x04\x00|OB\x00\x00)"
    rb"|\x08\x00" + _FIRST + rb"\x00(UL|CS|SQ|UI|DA|TM)"
)
_IMPLICIT = re.compile(rb"\x08\x00" + _FIRST + rb"\x00(?P<length>.{4})", re.DOTALL)
_LONGEST_FIRST = 256  # bytes of the first tag's value


def is_raster(data: bytes) -> bool:
    """Whether it begins as a PNG, JPEG, TIFF or WebP file."""
    return any(data[at : at + len(magic)] == magic for magic, at in _RASTER_MAGIC)


def has_preamble(data: bytes) -> bool:
    """Whether it begins as a DICOM file of the standard's Part 10."""
    return data[_PREAMBLE_BYTES : _PREAMBLE_BYTES + 4] == b"DICM"


def is_dicom(data: bytes) -> bool:
    """Whether it begins as a DICOM file, with a preamble or as a bare list of tags."""
    return has_preamble(data) or _begins_with_a_tag(data)


def is_zip(data: bytes) -> bool:
    """Whether it begins as a ZIP file and not as a DICOM file, whose first bytes are free."""
    return data.startswith(_ZIP_MAGIC) and not has_preamble(data)


def unknown_format() -> RefusedFile:
    """What is said of a file of any other kind."""
    return RefusedFile(
        "unknown_format",
        "it is not a PNG, JPEG, TIFF, WebP or DICOM file",
        "Export the radiograph in one of these formats",
    )


def _begins_with_a_tag(data: bytes) -> bool:
    if _EXPLICIT.match(data):
        return True
    found = _IMPLICIT.match(data)
    length = int.from_bytes(found["length"], "little") if found else 1
    return length <= _LONGEST_FIRST and length % 2 == 0
