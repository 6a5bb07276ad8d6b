"""Compressed DICOM pixels, decoded in a process of their own.

The codecs behind JPEG Lossless, JPEG-LS and JPEG 2000 are native code. On a damaged file they can
crash the process that runs them (gdcm 3.2.6: SIGSEGV in GetBuffer), and with it every session of
the page. A child process takes the crash, and the limits on memory and time besides.

    python -m covid_core.decompress < file.dcm > pixels.npy
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np

MAX_MEMORY_BYTES = 2 * 1024**3
MAX_SECONDS = 15
_ROOT = Path(__file__).parent.parent


def decompressed(data: bytes) -> np.ndarray | None:
    """The stored values of a DICOM file's bytes, as `pixel_array` gives them; None on failure."""
    command = [sys.executable, "-m", "covid_core.decompress"]
    try:
        child = subprocess.run(
            command, input=data, capture_output=True, timeout=MAX_SECONDS, cwd=_ROOT, check=True
        )
        return np.load(io.BytesIO(child.stdout), allow_pickle=False)
    except (subprocess.SubprocessError, OSError, ValueError, EOFError):
        return None


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # there is none to set on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _main() -> None:
    import pydicom

    _limit_memory()
    pixels = pydicom.dcmread(io.BytesIO(sys.stdin.buffer.read())).pixel_array
    np.save(sys.stdout.buffer, pixels, allow_pickle=False)


if __name__ == "__main__":
    _main()
