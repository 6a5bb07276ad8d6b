"""The list of tensors in a file of weights, bounded before a library makes an object of each.

A few megabytes can name a million tensors, which take minutes and gigabytes to make. Networks here
have hundreds.
"""

from __future__ import annotations

import io
import pickletools
from typing import BinaryIO

from covid_core.read.archives import opened
from covid_core.read.file_kinds import is_zip

_MOST_HEADER_BYTES = 2**20  # some 10,000 tensors
_MOST_STEPS = 500_000  # of pickles: some 40 for each tensor
_MOST_PICKLE_BYTES = 2**24
_OF_A_LEGACY_FILE = 5  # pickles, one after another, before the tensors' bytes


def check_header(data: bytes) -> None:
    """Raises ValueError for a safetensors file whose header is beyond reason."""
    if _MOST_HEADER_BYTES < int.from_bytes(data[:8], "little") <= len(data):
        raise ValueError("its header lists too many tensors")


def check_pickles(data: bytes) -> None:
    """Raises ValueError for a PyTorch file whose pickles are beyond reason. Runs none of them.

    And RefusedFile for one that is a damaged ZIP file, or one of more entries than any.
    """
    if not is_zip(data):
        _check_steps(io.BytesIO(data), _OF_A_LEGACY_FILE)
        return
    with opened(data) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith(".pkl"):
                with archive.open(entry) as file:
                    _check_steps(io.BytesIO(file.read(_MOST_PICKLE_BYTES)), 1)


def _check_steps(file: BinaryIO, pickles: int) -> None:
    steps = 0
    for _ in range(pickles):
        for _ in pickletools.genops(file):
            steps += 1
            if steps > _MOST_STEPS:
                raise ValueError("its pickles list too many tensors")
