"""Where the lungs are: a small U-Net (Ronneberger et al. 2015) from a film to their outline.

It serves to outline and to check, not to decide: dense consolidation and effusion hide a lung's
edge, and there it may cut the lung short.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Engine, Lanes
from covid_core.engines.trained import Kind, Trained
from covid_core.errors import WeightsError
from covid_core.metrics import NO_ESTIMATE
from covid_core.model.card import WEIGHTS
from covid_core.model.tensors import RETRAIN, read_pair
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.grey_levels import Film
from covid_core.read.radiograph import Radiograph
from covid_core.storage.records import Figure, Record

NAME = "lungs"
LUNGS = WEIGHTS / NAME
PREPROCESS = Preprocess(size_px=128, tone="equalise")
LUNG = 0.5  # from this probability on a place is lung
_ISLAND = 0.01  # of the film's area; less is no lung
_ISLAND_OF_LARGEST = 0.2  # nor is less than this share of the largest part: stomach, axilla


class LungsCard(Record):
    """What is stored beside the lung network's tensors.

    `dice`: overlap with outlines drawn by people, on patients who did not train it.
    `films`: how many trained, tested.
    """

    sha256: str
    created: str
    git_commit: str
    films: dict[str, int]
    training: dict[str, str]
    dice: Figure = NO_ESTIMATE


class Lungs:
    """A loaded network. It holds no state between calls, so all sessions may share one."""

    def __init__(self, engine: Engine, card: LungsCard) -> None:
        self.card = card
        self._engine = engine

    @classmethod
    def load(
        cls, folder: Path = LUNGS, choice: Choice = Choice.AUTO, lanes: Lanes | None = None
    ) -> Lungs:
        """The lungs' network of a weights folder, ready to run. Raises WeightsError."""
        raw, _ = read_pair(folder, NAME)
        card = LungsCard.parse(raw, folder / f"{NAME}.json", error=WeightsError, remedy=RETRAIN)
        trained = Trained(Kind.LUNGS, folder, NAME, card.sha256, PREPROCESS.size_px)
        return cls(engine_of(trained, choice, lanes=lanes), card)

    def inside(self, film: Radiograph | Film) -> np.ndarray:
        """Where the lungs are, bool (128, 128) over the whole film, without small islands."""
        return remove_islands(self.mask(film) > LUNG)

    def mask(self, film: Radiograph | Film) -> np.ndarray:
        """The probability of lung over the whole film, float32 (128, 128), 0 to 1."""
        return self.masks(PREPROCESS.picture(film)[np.newaxis])[0]

    def masks(self, pictures: np.ndarray) -> np.ndarray:
        """The probability of lung in pictures that `PREPROCESS` made, uint8 (N, 128, 128)."""
        (found,) = self._engine.run(PREPROCESS.input(pictures))
        return found


def remove_islands(mask: np.ndarray) -> np.ndarray:
    """A mask, bool (h, w), without parts below 0.01 of the film or a fifth of the largest part."""
    from scipy.ndimage import label  # a quarter of a second that the first page need not wait for

    islands, _ = label(mask)
    sizes = np.bincount(islands.ravel())
    sizes[0] = 0  # what is no island
    large = sizes >= max(_ISLAND * mask.size, _ISLAND_OF_LARGEST * sizes.max(), 1)
    return large[islands]


def dice(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Overlap of masks, bool (N, h, w), each pair 0 to 1 (Dice 1945): float64 (N,)."""
    both = (truth & found).sum(axis=(1, 2))
    return 2 * both / np.maximum(truth.sum(axis=(1, 2)) + found.sum(axis=(1, 2)), 1)
