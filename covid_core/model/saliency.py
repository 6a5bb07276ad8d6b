"""Where in the film a score comes from: the evidence in each cell, placed over the film.

Grad-CAM (Selvaraju et al. 2017) needs the last feature map and the gradient of one logit with
respect to it. `head` has both in closed form, so the backbone runs once, for the prediction, and
any class's map costs next to nothing more. It holds no state and hooks nothing: hooks on a network
that several people share record each other's films. `evaluation.saliency_methods` holds it to
pytorch-grad-cam.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from covid_core.crop import WHOLE, Crop
from covid_core.findings import Finding

METHOD = "Grad-CAM"
LEAST_SCALE = 1e-6  # the least full heat, in logits: of a map without evidence


@dataclass(frozen=True, slots=True, eq=False)
class Saliency:
    """One class's map over one film.

    `cells`: float32 (H, W), the evidence for (above 0) or against (below 0) the class in each cell
    of the feature map, in logits; the cells' sum plus `bias` is the class's logit.
    `crop`: the part of the film that the network was shown; there is no heat outside it.
    `placement`: top, left, height, width of that part in the network's input of `size_px`.
    `full_heat`: the evidence of one cell that is drawn at full heat, so that maps of different
    films can be compared, and a film with no evidence stays cold.
    """

    finding: Finding
    cells: np.ndarray
    bias: float
    placement: tuple[int, int, int, int]
    size_px: int
    full_heat: float
    method: str = METHOD
    crop: Crop = WHOLE

    def heat(self, height: int, width: int) -> np.ndarray:
        """The evidence for the class on a grid over the film: float32 (height, width), 0 to 1."""
        return np.clip(self._evidence(height, width) / self.full_heat, 0, 1).astype(np.float32)

    def stretched(self) -> Saliency:
        """The map drawn at full heat in its own strongest cell: to compare where, not how much."""
        return replace(self, full_heat=max(float(self.cells.max()), LEAST_SCALE))

    def positive(self, height: int, width: int) -> np.ndarray:
        """The evidence for the class alone, in logits: float32 (height, width), 0 or more.

        On a grid over the film. That of the mirrored map is this one mirrored, to the last bit.
        """
        mirrored = self.mirrored()._evidence(height, width)[:, ::-1]
        # Pillow adds up from the left: of both directions, the mean knows no side.
        return np.maximum((self._evidence(height, width) + mirrored) / 2, 0)

    def mirrored(self) -> Saliency:
        """The map of the mirrored film, as if the network had answered alike."""
        top, left, height, width = self.placement
        placement = (top, self.size_px - left - width, height, width)
        crop = self.crop.mirrored()
        return replace(self, cells=self.cells[:, ::-1], placement=placement, crop=crop)

    def share_inside(self, mask: np.ndarray) -> float:
        """The share of the evidence for the class that lies inside a mask over the film, 0 to 1.

        NaN where there is no such evidence at all. `mask`: bool (h, w).
        """
        evidence = self.positive(*mask.shape)
        total = float(evidence.sum())
        return float(evidence[mask].sum()) / total if total > 0 else float("nan")

    def _evidence(self, height: int, width: int) -> np.ndarray:
        positive = np.maximum(self.cells, 0)
        return cells_over_film(positive, self.placement, self.size_px, self.crop, height, width)


def cells_over_film(
    cells: np.ndarray,
    placement: tuple[int, int, int, int],
    size_px: int,
    crop: Crop,
    height: int,
    width: int,
) -> np.ndarray:
    """Cells of a feature map interpolated on a grid over the film: float32 (height, width).

    `placement`, `size_px`, `crop`: as `Saliency` has them. 0 outside the crop.
    """
    grid = np.zeros((height, width), np.float32)
    inside = grid if crop.is_whole else crop.of(grid)
    top, left, inner_height, inner_width = placement
    # The crop's part of the input, in cells; Pillow interpolates between cell centres.
    scale = cells.shape[0] / size_px
    box = (left, top, left + inner_width, top + inner_height)
    spread = Image.fromarray(np.ascontiguousarray(cells)).resize(
        inside.shape[::-1], Image.Resampling.BICUBIC, box=tuple(side * scale for side in box)
    )
    inside[:] = np.asarray(spread)
    return grid
