"""The one front door for files: bytes to Radiograph, or a refusal that says why.

`CODES`: every code with which a file is refused, here and in `archives`; there are no others.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from covid_core.errors import UNREADABLE, RefusedFile
from covid_core.read.file_kinds import is_dicom, is_raster, unknown_format
from covid_core.read.radiograph import Radiograph
from covid_core.read.raster import decode_raster
from covid_core.storage.plain_files import read_regular

MAX_FILE_BYTES = 64 * 1024 * 1024
CODES = {
    "empty": "no byte",
    "too_many_bytes": "more than MAX_FILE_BYTES, in the file or unpacked of a ZIP file",
    "unknown_format": "no PNG, JPEG, TIFF, WebP or DICOM file by its first bytes",
    UNREADABLE: "not given by the disk, or not decoded for want of time or processes: try again",
    "executable_preamble": "DICOM, and a program too",
    "corrupt": "cut short, damaged, or contradicting itself",
    "undecodable": "in a compression or encoding that can't be decoded here, or damaged in it",
    "too_intricate": "of more tags, chunks, markers or scans than any film",
    "wrong_modality": "DICOM, but no radiography",
    "no_pixels": "DICOM without a picture",
    "multi_frame": "several frames or pages",
    "bad_header": "a size of nothing, or none stated",
    "too_large": "more pixels than allowed, or inflating without bounds",
    "too_small": "fewer than MIN_SIDE_PX a side",
    "bad_shape": "longer than MAX_ASPECT times its width",
    "not_finite": "pixels of NaN or infinity",
    "blank": "one value everywhere",
    # of ZIP files and what is in them
    "no_films": "a ZIP file without a film",
    "damaged_zip": "cut short, damaged, or of films that lie over each other",
    "too_many_members": "more than MAX_MEMBERS films, or a directory beyond reason",
    "encrypted": "a film that is encrypted",
    "unknown_compression": "a film packed otherwise than stored or deflated",
    "damaged_member": "a film damaged inside its ZIP file",
    "nested_zip": "a ZIP file inside another",
}


def read_radiograph(data: bytes, sha256: str = "") -> Radiograph:
    """The radiograph in the bytes of a PNG, JPEG, TIFF, WebP or DICOM file.

    `sha256`: their hex digest, where it is known already. What a file is, its first bytes say,
    never its name. In order: size cap, magic bytes, header bounds, decoding, checks of the pixels.
    Raises RefusedFile.
    """
    if not data:
        raise RefusedFile("empty", "the file is empty", "Copy or export it again")
    if len(data) > MAX_FILE_BYTES:
        raise too_many_bytes()
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    if is_dicom(data):
        from covid_core.read.dicom import (
            decode_dicom,  # pydicom is slow to import, and often not needed
        )

        film = decode_dicom(data)
        return Radiograph(
            film.film,
            sha256,
            film.source_format,
            film.view,
            film.notes,
            film.coloured,
            film.unwindowed,
            film.child,
            film.units,
        )
    if is_raster(data):
        grey = decode_raster(data)
        return Radiograph(
            grey.film,
            sha256,
            grey.source_format,
            notes=grey.notes,
            coloured=grey.coloured,
            units=grey.units,
        )
    raise unknown_format()


def read_file(path: Path) -> Radiograph:
    """The radiograph in a plain file of the disk. Raises RefusedFile, its `file` set."""
    try:
        return read_radiograph(read_regular(path, MAX_FILE_BYTES + 1))
    except OSError as error:
        raise RefusedFile(
            UNREADABLE,
            f"the file can't be opened ({error.strerror})",
            "Check that it exists and may be read",
            file=str(path),
        ) from error
    except RefusedFile as error:
        error.file = str(path)
        raise


def too_many_bytes() -> RefusedFile:
    """The refusal of a file above MAX_FILE_BYTES."""
    return RefusedFile(
        "too_many_bytes",
        f"it is larger than {MAX_FILE_BYTES // 1024**2} MiB",
        "Export the single film at a lower resolution or compressed",
    )
