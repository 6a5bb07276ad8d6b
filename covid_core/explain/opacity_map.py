"""Where a network sees opacities: the probability of one in each cell, placed over the film.

A network that learnt radiologists' boxes gives these probabilities beside its feature map, in the
same pass. They have a unit, so the map is never stretched: a film without an opacity stays clear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covid_core.crop import WHOLE, Crop
from covid_core.explain.lung_zones import ZONE_TITLES, ZONES, zone_masks
from covid_core.model.saliency import cells_over_film
from covid_core.predict.prediction import Prediction
from covid_core.prepare.preprocess import Preprocess

LIKELY = 0.5  # the probability from which a cell is said to show an opacity


@dataclass(frozen=True, slots=True, eq=False)
class OpacityMap:
    """One film's opacity map.

    `cells`: float32 (h, w), the probability of an opacity in each cell of a grid over the film.
    `placement`, `size_px`, `crop`: how they lie over the film, as `saliency.Saliency` has them.
    """

    cells: np.ndarray
    placement: tuple[int, int, int, int]
    size_px: int
    crop: Crop = WHOLE

    @property
    def peak(self) -> float:
        """The highest probability of an opacity in any cell."""
        return float(self.cells.max())

    @property
    def is_likely(self) -> bool:
        """Whether any cell is likelier to show an opacity than not."""
        return self.peak >= LIKELY

    def heat(self, height: int, width: int) -> np.ndarray:
        """The probability of an opacity on a grid over the film: float32 (height, width), 0 to 1.

        Interpolated between the cells' centres, nowhere above `peak`.
        """
        heat = cells_over_film(self.cells, self.placement, self.size_px, self.crop, height, width)
        return np.clip(heat, 0, self.peak).astype(np.float32)

    def share_inside(self, mask: np.ndarray) -> float:
        """How much of where an opacity is likely lies inside a mask over the film: 0 to 1.

        `mask`: bool (h, w). NaN where none is likely anywhere.
        """
        likely = self.heat(*mask.shape) >= LIKELY
        return float(mask[likely].mean()) if likely.any() else float("nan")

    def peak_zone(self, lungs: np.ndarray) -> str | None:
        """The title of the lung zone in which the map is highest; None where that is in none.

        `lungs`: where they are over the whole film, bool (h, w).
        """
        zones = zone_masks(lungs)
        if zones is None:
            return None
        heat = self.heat(*lungs.shape)
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        inside = np.flatnonzero(zones[:, row, column])
        return ZONE_TITLES[ZONES[inside[0]]] if len(inside) else None


def map_opacity(prediction: Prediction, preprocess: Preprocess) -> OpacityMap | None:
    """The opacity map of a prediction; None where its network has no such output.

    `preprocess`: of the weights that made the prediction.
    """
    if prediction.opacity is None:
        return None
    return OpacityMap(prediction.opacity, prediction.placement, preprocess.size_px, prediction.crop)
