"""Heat drawn over a film, as pixels: one look for the page, the command line and every export."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageColor
from plotly.colors import sequential

from covid_core.read.grey_levels import Film, eight_bits


def _lookup(colours: list[str], start: float) -> np.ndarray:
    """A scale's colours from `start`, 0 to 1, on: uint8 (256, 3)."""
    known = np.array([ImageColor.getrgb(colour) for colour in colours], np.float32)
    at = np.linspace(start, 1, 256)
    places = np.linspace(0, 1, len(known))
    return np.stack([np.interp(at, places, channel) for channel in known.T], axis=1).astype(
        np.uint8
    )


# Perceptually uniform and readable for colour-blind people; a dark end would vanish on a film.
COLOUR_MAPS = {
    "Inferno": _lookup(sequential.Inferno, 0.35),
    "Cividis": _lookup(sequential.Cividis, 0.35),
}
EVIDENCE_COLOURS = COLOUR_MAPS["Inferno"]
# The opacity map's own: cold blue to green where the evidence is violet to orange, so that nobody
# takes one for the other, colour-blind or not.
OPACITY_COLOURS = _lookup(sequential.Viridis, 0.3)
OUTLINE = "#56B4E9"  # Okabe and Ito's sky blue: apart from the heat for every eye
LEAST_HEAT = 0.25  # of full heat; weaker heat is not drawn, here and on the page
_LINE_PX = 2
_SOFT_CELLS = 1.0


def displayed(film: Film, longest_px: int) -> np.ndarray:
    """A film as uint8 for a screen, shrunk to `longest_px` at most."""
    shown = Image.fromarray(eight_bits(film))
    shown.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return np.asarray(shown)


def heat_layer(heat: np.ndarray, colours: np.ndarray = EVIDENCE_COLOURS) -> np.ndarray:
    """Heat, float32 (H, W) 0 to 1, to a transparent layer, uint8 (H, W, 4).

    Clear below LEAST_HEAT. `colours`: cold to hot, uint8 (256, 3).
    """
    levels = np.rint(heat * 255).astype(np.uint8)
    # Full colour is reached early, so that moderate evidence is seen.
    alpha = np.rint(np.minimum(heat * 2, 1) * 255).astype(np.uint8)
    alpha[heat < LEAST_HEAT] = 0
    return np.dstack([colours[levels], alpha])


def clip_to_body(heat: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Heat over a film, float32 (H, W), without what lies outside the body, bool (h, w)."""
    inside = Image.fromarray(body.astype(np.float32)).resize(
        heat.shape[::-1], Image.Resampling.BILINEAR
    )
    return np.where(np.asarray(inside) > 0.5, heat, np.float32(0))


def soft(mask: np.ndarray) -> np.ndarray:
    """A mask, bool (h, w), as uint8 that crosses half where the mask ends, without its steps."""
    from scipy.ndimage import gaussian_filter  # slow to import, and the empty page shows no film

    return np.rint(gaussian_filter(mask.astype(np.float32), _SOFT_CELLS) * 255).astype(np.uint8)


def outline_layer(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask over the film, bool (h, w), as a line on a clear layer, uint8 (height, width, 4)."""
    from scipy.ndimage import binary_erosion

    soft = Image.fromarray(mask.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    inside = np.asarray(soft) > 0.5
    line = inside & ~binary_erosion(inside, iterations=_LINE_PX, border_value=1)
    layer = np.zeros((height, width, 4), np.uint8)
    layer[line] = (*ImageColor.getrgb(OUTLINE), 255)
    return layer


def blend(
    film: np.ndarray, heat: np.ndarray, opacity: float, colours: np.ndarray = EVIDENCE_COLOURS
) -> np.ndarray:
    """Film, uint8 (H, W), under heat of the same grid, `opacity` 0 to 1: uint8 (H, W, 3)."""
    layer = heat_layer(heat, colours)
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
