"""May this picture be judged at all? A small network and plain statistics of pixels, before any
probability is shown.

What is no frontal chest film, or stands on its head, abstains: an answer to it would mean nothing.
What is one, but cropped, badly exposed or of a child, is read with a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from covid_core.preprocess import Preprocess
from covid_core.radiograph import Radiograph, View
from covid_core.remarks import COLOURED, WORDS, Code, Remark
from covid_core.tensor_files import read_network, write_network
from covid_core.weights import WEIGHTS

__all__ = ["Code", "Gate", "GateCard", "Remark"]  # what callers need, in one place

GATE = WEIGHTS / "gate"
PREPROCESS = Preprocess(size_px=128, tone="equalise")
_NAME = "gate"
_WIDTHS = (16, 32, 64, 96, 128)  # channels; each step halves the side
_WHITE = 0.995
_DISTANCE_WEIGHT = 5.0  # brings the logarithm of a distance to the scale of log odds


# The network's first outputs: a frontal chest film (the first, of no code), or one of these.
OTHERS = (Code.NOT_A_RADIOGRAPH, Code.NOT_A_CHEST, Code.LATERAL_OR_CT)
# Its other outputs, each a yes or no about a chest film.
FLAWS = (Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED, Code.CROPPED, Code.CHILD)
EXPOSURES = (Code.TOO_DARK, Code.SATURATED)
ABSTAINING = (*OTHERS, Code.UNFAMILIAR, Code.ROTATED, Code.UPSIDE_DOWN, Code.INVERTED)


@dataclass(frozen=True, slots=True)
class GateCard:
    """What stands beside the tensors. `thresholds`: the score from which a code is given; "other"
    is that of all OTHERS together. `measured`: figures by name, on films and pictures that did not
    train. `never_seen`: what no real example of was at hand, in words.
    """

    sha256: str
    created: str
    git_commit: str
    thresholds: dict[str, float]
    measured: dict[str, Any]
    never_seen: list[str]
    films: dict[str, int]
    training: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the network finds in N pictures, all float64. `kinds` (N, 4): probabilities of a
    frontal chest film and of OTHERS. `flaws` (N, 5): probabilities of FLAWS. `distances` (N,):
    Mahalanobis, from the good films that trained, in deviations."""

    kinds: np.ndarray
    flaws: np.ndarray
    distances: np.ndarray

    @property
    def other(self) -> np.ndarray:
        """How little it is a frontal chest film, float64 (N,), as log odds."""
        return np.log(self.kinds[:, 1:].sum(axis=1) + 1e-12) - np.log(self.kinds[:, 0] + 1e-12)


class GateNetwork(nn.Module):
    """(N, 1, 128, 128) normalised films to logits (N, 9): kinds, then FLAWS."""

    centre: torch.Tensor
    whitening: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = _step(1, _WIDTHS[0], stride=2)
        self.steps = nn.ModuleList(
            _step(before, after) for before, after in zip(_WIDTHS, _WIDTHS[1:], strict=False)
        )
        self.deep = _step(_WIDTHS[-1], _WIDTHS[-1])
        self.last = nn.Linear(_WIDTHS[-1], 1 + len(OTHERS) + len(FLAWS))
        # What good films' features are like: found after training, kept with the weights.
        self.register_buffer("centre", torch.zeros(_WIDTHS[-1]))
        self.register_buffer("whitening", torch.eye(_WIDTHS[-1]))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Pooled features, (N, 128)."""
        x = self.first(x)
        for step in self.steps:
            x = F.max_pool2d(step(x), 2)
        return self.deep(x).mean((2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.features(x))


class Gate:
    """A loaded gate. It holds no state between calls, so all sessions may share one."""

    def __init__(self, network: GateNetwork, card: GateCard) -> None:
        self.card = card
        self._network = network.eval().requires_grad_(False)

    @classmethod
    def load(cls, folder: Path = GATE) -> Gate:
        """From a weights folder. Raises WeightsError."""
        network = GateNetwork()
        card = read_network(network, folder, _NAME, GateCard)
        return cls(network, card)

    def examine(self, radiograph: Radiograph) -> tuple[Remark, ...]:
        """What speaks against judging it; empty for a good frontal film of an adult. If anything
        abstains, only that is told."""
        if radiograph.coloured:
            return (Remark(Code.NOT_A_RADIOGRAPH, *COLOURED, abstains=True),)
        codes = self._codes(radiograph)
        abstaining = [code for code in codes if code in ABSTAINING]
        return tuple(
            Remark(code, *WORDS[code], abstains=bool(abstaining)) for code in abstaining or codes
        )

    def refuses(self, films: Sequence[np.ndarray]) -> np.ndarray:
        """Whether it abstains, bool (N,), from radiograph pixels, each float32 (height, width)."""
        pictures = np.stack([PREPROCESS.picture(pixels) for pixels in films])
        return abstains(self.scores(pictures), self.card.thresholds)

    def scores(self, pictures: np.ndarray) -> Scores:
        """Of pictures that `PREPROCESS` made, uint8 (N, 128, 128)."""
        return scores_of(self._network, pictures)

    def _codes(self, radiograph: Radiograph) -> list[Code]:
        if radiograph.view is View.LATERAL:
            return [Code.LATERAL_OR_CT]
        scores = self.scores(PREPROCESS.picture(radiograph.pixels)[np.newaxis])
        limits = self.card.thresholds
        if scores.other[0] >= limits["other"]:
            return [OTHERS[int(scores.kinds[0, 1:].argmax())]]
        found = {**dict(zip(FLAWS, scores.flaws[0], strict=True)), **exposure(radiograph.pixels)}
        found[Code.UNFAMILIAR] = scores.distances[0]
        return [code for code in Code if code in found and found[code] >= limits[code.value]]


def scores_of(network: GateNetwork, pictures: np.ndarray, batch: int = 256) -> Scores:
    """`Gate.scores` of a network in evaluation mode."""
    logits, distances = [], []
    with torch.inference_mode():
        for start in range(0, len(pictures), batch):
            x = PREPROCESS.tensor(np.ascontiguousarray(pictures[start : start + batch]))
            features = network.features(x)
            logits.append(network.last(features).double())
            distances.append(((features - network.centre) @ network.whitening).norm(dim=1))
    answers, kinds = torch.cat(logits), 1 + len(OTHERS)
    return Scores(
        kinds=answers[:, :kinds].softmax(dim=1).numpy(),
        flaws=answers[:, kinds:].sigmoid().numpy(),
        distances=torch.cat(distances).double().numpy(),
    )


def foreign(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """One score of "no frontal chest film", float64 (N,): 0 where the network's answer or the
    distance of its features just abstains, the more the farther beyond."""
    strange = np.log(np.maximum(scores.distances, 1e-6) / thresholds[Code.UNFAMILIAR])
    return np.maximum(scores.other - thresholds["other"], _DISTANCE_WEIGHT * strange)


def abstains(scores: Scores, thresholds: dict[str, float]) -> np.ndarray:
    """Whether any reason to show no probability was found, bool (N,)."""
    turned = [
        scores.flaws[:, FLAWS.index(code)] >= thresholds[code]
        for code in FLAWS
        if code in ABSTAINING
    ]
    return np.any([foreign(scores, thresholds) >= 0, *turned], axis=0)


def exposure(pixels: np.ndarray) -> dict[Code, float]:
    """Of radiograph pixels, float32 (height, width) 0 to 1: how far its bright parts (the 90th
    percentile) stay below white, and what share of it is burnt out; both 0 to 1."""
    return {
        Code.TOO_DARK: 1 - float(np.percentile(pixels, 90)),
        Code.SATURATED: float((pixels > _WHITE).mean()),
    }


def save_gate(network: GateNetwork, folder: Path, **card: Any) -> GateCard:
    """Write tensors and card; `card`: what GateCard holds besides. Raises WeightsError."""
    return write_network(network, folder, _NAME, GateCard, **card)


def _step(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
