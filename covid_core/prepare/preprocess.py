"""From a radiograph to the network's input, and from the network's grid back to the radiograph.

Training, evaluation and the app all pass through `Preprocess`, and its settings travel with the
weights: a network is only ever shown what it was trained on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import Field

from covid_core.crop import WHOLE, Crop
from covid_core.read.borders import crop_film, find_crop
from covid_core.read.grey_levels import Film, shrunk
from covid_core.read.radiograph import Radiograph
from covid_core.storage.records import Finite

if TYPE_CHECKING:
    import torch

Grey = TypeVar("Grey", np.ndarray, "torch.Tensor")
Fit = Literal["squash", "pad"]
Tone = Literal["stretch", "equalise"]
Borders = Literal["keep", "cut"]
Percentile = Annotated[float, Field(ge=0, le=100)]
_MOST_PX = 4096  # of a film's side in a network
_TONES = 4096  # grey levels that equalisation distinguishes, for it spreads the frequent ones


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How a film becomes the network's input: resize, stretch, quantise, normalise.

    `fit`: `squash` resizes to a square whatever the aspect; `pad` keeps the aspect on black.
    `smooth_px`: standard deviation of a Gaussian over the resized film, in its pixels; 0 leaves it
    as it is. Noise, which equalisation would spread over the whole scale, is quenched.
    `low_percentile`, `high_percentile`: grey levels stretched to black and white, clipped beyond,
    so that exposure, windowing and bit depth change the input as little as can be.
    `tone`: `stretch` leaves it at that; `equalise` then gives every grey level its rank among the
    film's pixels (histogram equalisation), so that no scanner's tone curve is left to learn.
    `mean`, `std`: normalisation of the 0 to 1 picture.
    `borders`: `cut` takes bars, padding and the collimator's shadow off before all else, which
    would change every grey and the scale; `keep` leaves them.
    `version`: raised whenever the arithmetic below changes; weights of another one are refused.
    """

    size_px: Annotated[int, Field(gt=0, le=_MOST_PX)] = 224
    fit: Fit = "squash"
    smooth_px: Annotated[float, Field(ge=0, le=100)] = 0.0
    low_percentile: Percentile = 0.5
    high_percentile: Percentile = 99.5
    tone: Tone = "stretch"
    mean: Finite = 0.5
    std: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.25
    version: int = 1
    borders: Borders = "keep"

    def picture(self, film: Radiograph | Film) -> np.ndarray:
        """The picture of a film of any size, uint8 (size_px, size_px).

        A radiograph remembers what it was shrunk to. Eight bits, because that is what the training
        cache holds: inference sees the same rounding.
        """
        crop = self.crop(film)
        top, left, height, width = self.placement(*crop.shape(*film.shape))
        size = (width, height)
        if isinstance(film, Radiograph):
            [small] = film.shrunk(size, crop=crop)
        else:
            [small] = shrunk(crop_film(film, crop), size)
        levels = self._tone(_smooth(small, self.smooth_px) if self.smooth_px else small)
        if self.fit == "squash":
            return levels
        canvas = np.zeros((self.size_px, self.size_px), np.uint8)
        canvas[top : top + height, left : left + width] = levels
        return canvas

    def crop(self, film: Radiograph | Film) -> Crop:
        """The part of a film that the network is shown. A radiograph remembers it."""
        if self.borders == "keep":
            return WHOLE
        return film.crop if isinstance(film, Radiograph) else find_crop(film)

    def _tone(self, small: np.ndarray) -> np.ndarray:
        """The greys of a film, float32, on the network's scale, uint8 of the same shape."""
        low, high = np.percentile(small, (self.low_percentile, self.high_percentile))
        stretched = (small - low) / max(float(high - low), 1e-6)
        clipped = np.clip(stretched, 0, 1, out=stretched)
        if self.tone == "equalise":
            return _equalise(clipped)
        return np.rint(clipped * 255).astype(np.uint8)

    def input(self, pictures: np.ndarray) -> np.ndarray:
        """The network's input, float32 (N, 1, S, S), for pictures, uint8 (N, S, S)."""
        return self.normalise(pictures[:, np.newaxis].astype(np.float32) / 255)

    def tensor(self, pictures: np.ndarray | torch.Tensor) -> torch.Tensor:
        """The network's input in PyTorch, float32 (N, 1, S, S), on the pictures' device."""
        import torch  # takes a second, and looking at films needs none of it

        return self.normalise(torch.as_tensor(pictures).unsqueeze(1).to(torch.float32) / 255)

    def normalise(self, grey: Grey) -> Grey:
        """Grey levels from 0 to 1, of any shape, on the network's scale."""
        return (grey - self.mean) / self.std

    def placement(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Where a film of that size lies in the input: top, left, height, width in input pixels.

        Where borders are cut off, `height` and `width` are those of the part inside them.
        """
        if self.fit == "squash":
            return 0, 0, self.size_px, self.size_px
        scale = self.size_px / max(height, width)
        inner_height = max(1, round(height * scale))
        inner_width = max(1, round(width * scale))
        return (
            (self.size_px - inner_height) // 2,
            (self.size_px - inner_width) // 2,
            inner_height,
            inner_width,
        )

    def describe(self) -> str:
        """One sentence for the model card and the page."""
        cut = " its borders cut off," if self.borders == "cut" else ""
        fit = "squashed to a square" if self.fit == "squash" else "padded to a square with black"
        smooth = f", smoothed by {self.smooth_px:g} px" if self.smooth_px else ""
        tone = ", its histogram equalised" if self.tone == "equalise" else ""
        return (
            f"Turned to grey,{cut} {fit} of {self.size_px} px{smooth}, stretched from the"
            f" {self.low_percentile:g}th to the {self.high_percentile:g}th percentile{tone},"
            f" normalised by mean {self.mean:g} and standard deviation {self.std:g}."
        )

    def to_json(self) -> dict[str, Any]:
        """The settings by their names, as a card stores them."""
        return asdict(self)


def shrink_for(radiograph: Radiograph, *preprocesses: Preprocess) -> None:
    """Shrink a radiograph for several networks at once; it remembers the results.

    Going through a large film costs more than all that follows.
    """
    sizes: dict[Crop, list[tuple[int, int]]] = {}
    for preprocess in preprocesses:
        crop = preprocess.crop(radiograph)
        _, _, height, width = preprocess.placement(*crop.shape(*radiograph.shape))
        sizes.setdefault(crop, []).append((width, height))
    for crop, wanted in sizes.items():
        radiograph.shrunk(*wanted, crop=crop)


def _equalise(grey: np.ndarray) -> np.ndarray:
    """The share of the film's pixels that are darker than each, 0 to 255 as uint8.

    `grey`: 0 to 1. Equal greys stay equal.
    """
    tones = np.rint(grey * (_TONES - 1)).astype(np.intp)
    counts = np.bincount(tones.ravel(), minlength=_TONES)
    shares = (counts.cumsum() - counts / 2) / tones.size
    return np.rint(shares * 255).astype(np.uint8)[tones]


def _smooth(grey: np.ndarray, deviation_px: float) -> np.ndarray:
    """A film, float32 (height, width), smoothed by a Gaussian, continued as at its edges.

    To the last bit what `scipy.ndimage.gaussian_filter` gives, whose import takes longer than a
    hundred films.
    """
    reach = int(4 * deviation_px + 0.5)
    weights = np.exp(-0.5 / deviation_px**2 * np.arange(-reach, reach + 1) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        size = grey.shape[axis]
        beyond = np.clip(np.arange(-reach, size + reach), 0, size - 1)
        rows = np.moveaxis(grey.astype(np.float64).take(beyond, axis), axis, 0)
        mixed = rows[reach : reach + size] * weights[reach]
        for i in range(reach):  # from the farthest pair in, as scipy adds them up
            mixed += (rows[i : i + size] + rows[2 * reach - i : 2 * reach - i + size]) * weights[i]
        grey = np.moveaxis(mixed, 0, axis).astype(np.float32)
    return grey
