"""What of a film's maps lies in the lungs, held against what chance would put there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from covid_core.explain.opacity_map import OpacityMap
from covid_core.model.saliency import Saliency


@dataclass(frozen=True, slots=True)
class LungShares:
    """Shares, 0 to 1.

    `heat`: of a class's evidence, inside the lungs; NaN where there is none. `area`: of the film,
    the lungs. `opacity`: of where an opacity is likely, inside the lungs; NaN where it is likely
    nowhere, or no map says.
    """

    heat: float
    area: float
    opacity: float = math.nan

    @classmethod
    def of(cls, saliency: Saliency, opacity: OpacityMap | None, lungs: np.ndarray) -> LungShares:
        """The shares of a class's map and of the opacity map, if any.

        `lungs`: where they are over the whole film, bool (h, w).
        """
        return cls(
            saliency.share_inside(lungs),
            float(lungs.mean()),
            opacity.share_inside(lungs) if opacity else math.nan,
        )

    @property
    def opacity_elsewhere(self) -> bool:
        """Whether likely opacities lie in the lungs no more than chance would put them there."""
        return self.opacity < self.area
