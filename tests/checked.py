"""Networks whose every answer is known, to try the checks of one film's answer on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from covid_core.engines.engine import Precision
from covid_core.findings import CLASSES
from covid_core.model.architectures import DENSENET121
from covid_core.model.card import WeightsCard
from covid_core.model.decision import BALANCED, OperatingPoint, Rules, scaled_by
from covid_core.model.head import Head
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph

CHANNELS, CELLS, SIDE_PX = 64, 7, 112
THRESHOLD = 0.5


def outlined(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Ellipses, x and y of two corners each, in hundredths of the side: bool (128, 128)."""
    canvas = Image.new("1", (128, 128))
    for box in boxes:
        ImageDraw.Draw(canvas).ellipse([1.28 * corner for corner in box], fill=1)
    return np.asarray(canvas)


LUNGS = outlined((17, 14, 46, 76), (54, 14, 83, 76))  # the phantoms'
IN_LUNGS = np.zeros((CELLS, CELLS), bool)
IN_LUNGS[1:5, [1, 2, 4, 5]] = True
CORNERS = np.zeros((CELLS, CELLS), bool)
CORNERS[0, [0, -1]] = True


def film(kind: str = "opacities on both sides", seed: int = 0, marker: bool = False) -> Radiograph:
    """A phantom, on request with a bright marker in each upper corner."""
    drawn = draw_phantom(kind, size_px=256, seed=seed)
    if marker:
        drawn[4:30, 4:30] = drawn[4:30, -30:-4] = 255
    return Radiograph(drawn.astype(np.float32) / 255, f"{seed:064x}", "PNG")


@dataclass(slots=True, eq=False)
class Detail:
    """Gives how much detail a film has in some cells, bool (7, 7), on each channel as `signs` says,
    float (channels,), and beside it a little noise that is the same for all films."""

    where: np.ndarray
    signs: np.ndarray
    title: str = "detail"
    precision: Precision = Precision.FLOAT32
    batch_films: int = 1

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        side = x.shape[-1] // CELLS
        cells = x.reshape(len(x), 1, CELLS, side, CELLS, side).std(axis=(3, 5))
        noise = np.random.default_rng(0).random((CHANNELS, CELLS, CELLS)) / 500
        shown = np.maximum(self.signs, 0)[:, np.newaxis, np.newaxis] * cells * self.where
        return ((shown + noise).astype(np.float32),)


def looking_at(
    where: np.ndarray, *, bias: float = -2.0, channels: np.ndarray | None = None
) -> Predictor:
    """A predictor that scores COVID-19 by how much detail a film has in some cells. `channels`: the
    order in which its head takes them; by default, that which belongs to it."""
    signs = np.random.default_rng(1).normal(0, 1, CHANNELS)
    weight = np.zeros((len(CLASSES), CHANNELS))
    weight[-1] = signs if channels is None else signs[channels]
    weight[-1] *= 10 / np.maximum(signs, 0).sum() * CELLS**2 / where.sum()
    biases = np.array([0.0, 0.0, bias])
    return Predictor(Detail(where, signs), Head(((weight, biases),)), card())


def card(size_px: int = SIDE_PX, sha256: str = "0" * 64) -> WeightsCard:
    answers = len(CLASSES)
    point = OperatingPoint(BALANCED, THRESHOLD)
    rules = Rules(scaled_by(1.0, answers), (0.0,) * answers, (point,), (0.1,) * answers)
    return WeightsCard(
        architecture=DENSENET121,
        classes=CLASSES,
        preprocess=Preprocess(size_px),
        sha256=sha256,
        created="2026-01-01",
        full_heat=0.1,
        rules=rules,
    )
