"""A picture as lossy storage keeps it, for audits and for training against its marks."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def compress(levels: np.ndarray, quality: int) -> np.ndarray:
    """Grey levels, uint8 (h, w), as a JPEG file of some quality, 1 to 95, keeps them."""
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        return np.asarray(opened)
