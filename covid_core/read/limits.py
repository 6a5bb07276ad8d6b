"""A file in memory that gives only so many parts: what reads it ends in bounded time."""

from __future__ import annotations

import io
import time

from covid_core.errors import RefusedFile

MAX_READS = 200_000  # a film of 64 MiB in PNG's chunks of 8 KiB takes 33,000; DICOM's tags, 2,000
MAX_SECONDS = 3.0  # of this thread's own work, not of waiting


class BoundedFile(io.BytesIO):
    """A file in memory for a library that reads it part by part.

    The parts are a DICOM file's tags, a PNG's chunks, a JPEG's markers; over millions of empty ones
    a library would take minutes. Reading raises RefusedFile (`too_intricate`) after MAX_READS parts
    or MAX_SECONDS.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0
        self._until = time.thread_time() + MAX_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        """The next part. Raises RefusedFile (`too_intricate`)."""
        self._reads += 1
        if self._reads > MAX_READS or time.thread_time() > self._until:
            raise too_intricate()
        return super().read(size)


def too_intricate() -> RefusedFile:
    """The refusal of a file of too many parts."""
    return RefusedFile(
        "too_intricate",
        "it takes far more work to read than a radiograph does",
        "Export it again, as PNG or uncompressed DICOM",
    )
