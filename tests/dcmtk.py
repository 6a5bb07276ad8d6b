"""DCMTK, a second reader of DICOM, for the tests that compare with it where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

needs_dcmtk = pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="needs DCMTK's dcm2pnm")
WINDOW, TABLE, OWN_RANGE = ("+Wi", "1"), ("+Wl", "1"), ("+Wm",)


def rendered(data: bytes, options: tuple[str, ...]) -> np.ndarray:
    """A file's picture as DCMTK shows it, float64 (height, width), 0 black to 1 white."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "film.dcm"), Path(folder, "film.pgm")
        given.write_bytes(data)
        subprocess.run(
            ["dcm2pnm", "-q", *options, str(given), str(made)], check=True, capture_output=True
        )
        return np.asarray(Image.open(made)).astype(float) / 255
