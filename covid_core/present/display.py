"""A radiograph as greys for a screen that windows them itself, at its own resolution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from covid_core.read.grey_levels import Film, Levels, looked_up
from covid_core.read.radiograph import Radiograph
from covid_core.read.units import UNKNOWN, Units

LONGEST_PX = 4800  # the largest plates give 4280 x 3520
AS_STORED, WHOLE, LUNGS, SOFT_TISSUE = "as stored", "whole range", "lungs", "soft tissue"
_EXACT = 1e-3  # of a grey level: float32 of n / 255 is off by far less
_SAMPLE_STEP = 4  # pixels; a percentile needs no more
_LUNG_SHARES, _TISSUE_SHARES = (1, 99), (30, 99.8)  # percentiles that a window spans
_LEAST_WIDTH = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class DisplayFilm:
    """What a viewer is given.

    `values`: uint8, where eight bits hold the film exactly, or else uint16; (height, width), air
    dark. `low`, `high`: the file's own window, 0 to 1 of the values' range; that is what the model
    was given. `units`: of that range, of these pixels, and which side is which. `thinning`: the
    step between the film's pixels that these are, 1 for all of them.
    """

    values: np.ndarray
    low: float = 0.0
    high: float = 1.0
    units: Units = UNKNOWN
    thinning: int = 1

    @property
    def full(self) -> int:
        """The largest value that a pixel can have."""
        return int(np.iinfo(self.values.dtype).max)

    def pixels(self) -> np.ndarray:
        """The film through its own window: float32 (height, width), 0 to 1."""
        grey = self.values.astype(np.float32) / np.float32(self.full)
        if (self.low, self.high) == (0, 1):
            return grey
        return np.clip((grey - self.low) / (self.high - self.low), 0, 1).astype(np.float32)


def display_film(radiograph: Radiograph) -> DisplayFilm:
    """All that the file holds, shrunk where its longer side exceeds LONGEST_PX."""
    whole, film = radiograph.unwindowed, radiograph.film
    low, high = (whole.low, whole.high) if whole else (0.0, 1.0)
    if whole is not None:
        values = whole.values()
    elif isinstance(film, Levels):
        values = looked_up(film.codes, _rounded(film.tones))
    else:
        values = _rounded(film)
    factor = -(-max(values.shape) // LONGEST_PX)
    units = radiograph.units
    if units.pixel_mm is not None:
        units = replace(units, pixel_mm=units.pixel_mm * factor)
    return DisplayFilm(_shrunk(values, factor), low, high, units)


def thinned_film(radiograph: Radiograph, longest_px: int) -> DisplayFilm:
    """The film subsampled for a first look, its longer side at most `longest_px`.

    Its values are the film's own; nothing is averaged, which would take longer.
    """
    step = -(-max(radiograph.shape) // longest_px)
    film, whole, units = radiograph.film, radiograph.unwindowed, radiograph.units
    if isinstance(film, Levels):
        thin: Film = replace(film, codes=film.codes[::step, ::step])
    else:
        thin = film[::step, ::step]
    if whole is not None:
        whole = replace(whole, codes=whole.codes[::step, ::step])
    if units.pixel_mm is not None:
        units = replace(units, pixel_mm=units.pixel_mm * step)
    thinned = replace(radiograph, film=thin, unwindowed=whole, units=units)
    return replace(display_film(thinned), thinning=step)


def grey_windows(film: DisplayFilm, lungs: np.ndarray) -> dict[str, tuple[float, float]]:
    """Windows worth a key, each its low and high end, 0 to 1 of the values' range.

    `lungs`: bool (h, w) over the film. Of lungs or soft tissue only where there are such places.
    """
    found = {AS_STORED: (film.low, film.high)}
    if (film.low, film.high) != (0, 1):
        found[WHOLE] = (0.0, 1.0)
    sample = film.values[::_SAMPLE_STEP, ::_SAMPLE_STEP]
    inside = np.asarray(Image.fromarray(lungs).resize(sample.shape[::-1]))
    for name, where, shares in (
        (LUNGS, inside, _LUNG_SHARES),
        (SOFT_TISSUE, ~inside, _TISSUE_SHARES),
    ):
        if where.any():
            low, high = np.percentile(sample[where], shares) / film.full
            low = min(float(low), 1 - _LEAST_WIDTH)
            found[name] = (low, max(float(high), low + _LEAST_WIDTH))
    return found


def _rounded(greys: np.ndarray) -> np.ndarray:
    """Float32, 0 to 1, as uint8 where that holds them exactly, or else uint16."""
    levels = greys * 255
    rounded = np.rint(levels)
    if np.abs(levels - rounded).max() < _EXACT:
        return rounded.astype(np.uint8)
    return np.rint(greys * 65535).astype(np.uint16)


def _shrunk(values: np.ndarray, factor: int) -> np.ndarray:
    """The film shrunk so many times by block means.

    Of whole blocks, which leave no ringing beside bright edges that a reader might take for
    something.
    """
    if factor == 1:
        return values
    height, width = (side // factor for side in values.shape)
    blocks = values[: height * factor, : width * factor].reshape(height, factor, width, factor)
    return np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(values.dtype)
