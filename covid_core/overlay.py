"""Heat laid over a film, as pixels: one look for the page, the command line and every export."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageColor
from plotly.colors import sequential
from scipy.ndimage import binary_erosion

# Perceptually uniform and readable for colour-blind people; its dark end would vanish on a film.
_INFERNO = np.array([ImageColor.getrgb(colour) for colour in sequential.Inferno], np.float32)
_LOOKUP = np.stack(
    [
        np.interp(np.linspace(0.35, 1, 256), np.linspace(0, 1, len(_INFERNO)), channel)
        for channel in _INFERNO.T
    ],
    axis=1,
).astype(np.uint8)
OUTLINE = "#56B4E9"  # Okabe and Ito's sky blue: apart from the heat for every eye
_LINE_PX = 2
COLOURS = tuple(f"rgb({r},{g},{b})" for r, g, b in _LOOKUP[::51])


def displayed(pixels: np.ndarray, longest_px: int) -> np.ndarray:
    """Radiograph pixels, float32 0 to 1, to uint8 for a screen, shrunk to `longest_px` at most."""
    film = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    film.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return np.asarray(film)


def heat_layer(heat: np.ndarray) -> np.ndarray:
    """Heat, float32 (H, W) 0 to 1, to a transparent layer, uint8 (H, W, 4): cold is clear."""
    levels = np.rint(heat * 255).astype(np.uint8)
    # Full colour is reached early, so that moderate evidence is seen and none stays unseen.
    alpha = np.rint(np.minimum(heat * 2, 1) * 255).astype(np.uint8)
    return np.dstack([_LOOKUP[levels], alpha])


def outline_layer(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask over the film, bool (h, w), as a line on a clear layer, uint8 (height, width, 4)."""
    soft = Image.fromarray(mask.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    inside = np.asarray(soft) > 0.5
    line = inside & ~binary_erosion(inside, iterations=_LINE_PX, border_value=1)
    layer = np.zeros((height, width, 4), np.uint8)
    layer[line] = (*ImageColor.getrgb(OUTLINE), 255)
    return layer


def blend(film: np.ndarray, heat: np.ndarray, opacity: float) -> np.ndarray:
    """Film, uint8 (H, W), under heat of the same grid, `opacity` 0 to 1: uint8 (H, W, 3)."""
    layer = heat_layer(heat)
    alpha = layer[..., 3:].astype(np.float32) / 255 * opacity
    mixed = film[..., np.newaxis] * (1 - alpha) + layer[..., :3] * alpha
    return np.rint(mixed).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """uint8 (H, W), (H, W, 3) or (H, W, 4) to a PNG file's bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def data_uri(data: bytes, kind: str = "png") -> str:
    """A picture file's bytes as an address that needs no other file."""
    return f"data:image/{kind};base64," + base64.b64encode(data).decode()
