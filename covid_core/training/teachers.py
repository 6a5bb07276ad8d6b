"""Teachers: trained networks whose answers to a batch, as it is shown, a smaller one learns.

Distillation (Hinton et al. 2015), the same varied views for both (Beyer et al. 2022): what a
teacher sees, the pupil sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional as F

from covid_core.errors import TrainingError
from covid_core.model.card import WeightsCard, read_cards
from covid_core.model.network_files import load_weights
from covid_core.model.networks import Network, Outputs
from covid_core.prepare.preprocess import Preprocess

_LEAST = 1e-6  # of a probability, whose logarithm is taken


class Teachers:
    """Networks that answer together: their mean probability. `names`: each one's, with its hash."""

    def __init__(self, trained: Sequence[tuple[Network, WeightsCard]]) -> None:
        self._trained = [(network.eval(), card.preprocess) for network, card in trained]
        self.names = tuple(f"{card.recipe} {card.sha256[:16]}" for _, card in trained)

    @classmethod
    def load(cls, folders: Sequence[Path], pupil: Preprocess, answers: int) -> Teachers:
        """Every network in these weights folders.

        Raises WeightsError where one can't be read, TrainingError where one answers otherwise than
        the pupil or is used to films that are prepared otherwise.
        """
        trained = []
        for folder in folders:
            for name in read_cards(folder):
                network, card = load_weights(folder, name)
                if len(card.classes) != answers or not _is_alike(card.preprocess, pupil):
                    raise TrainingError(
                        f"the teacher {name} answers otherwise, or is used to films prepared"
                        f" otherwise: {card.preprocess.describe()}",
                        "Train it by a recipe of the same task, tone and fit",
                        file=str(folder),
                    )
                trained.append((network, card))
        if not trained:
            raise TrainingError(
                "there is no teacher in it",
                "Give a weights folder",
                file=", ".join(map(str, folders)),
            )
        return cls(trained)

    def to(self, device: torch.device) -> Teachers:
        """The same, moved to a device."""
        for network, _ in self._trained:
            network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    @torch.no_grad()  # inference tensors could not be part of a loss
    def answer(self, films: torch.Tensor) -> Outputs:
        """The mean answer to grey films, float32 (N, 1, S, S), 0 to 1: log probabilities of the
        classes and the appearances, log odds of the opacities; None for what not all of them
        have.
        """
        with torch.autocast(films.device.type, torch.bfloat16):
            answers = [
                network.answer(
                    preprocess.normalise(films).contiguous(memory_format=torch.channels_last)
                )
                for network, preprocess in self._trained
            ]
        opacities = [one.opacity.float() for one in answers if one.opacity is not None]
        appearances = [one.appearance.float() for one in answers if one.appearance is not None]
        whole = len(answers)
        return Outputs(
            _mean_log([one.logits.float() for one in answers]),
            _mean_odds(opacities) if len(opacities) == whole else None,
            _mean_log(appearances) if len(appearances) == whole else None,
        )


def _is_alike(one: Preprocess, other: Preprocess) -> bool:
    """Whether both prepare a film alike, its size and normalisation aside."""
    return (one.fit, one.tone, one.smooth_px) == (other.fit, other.tone, other.smooth_px)


def _mean_log(logits: Sequence[torch.Tensor]) -> torch.Tensor:
    mean = torch.stack([one.softmax(dim=1) for one in logits]).mean(dim=0)
    return mean.clamp(min=_LEAST).log()


def _mean_odds(opacities: Sequence[torch.Tensor]) -> torch.Tensor:
    """Of maps of the finest one's cells."""
    size = max(one.shape[-1] for one in opacities)
    fine = [
        one if one.shape[-1] == size else F.interpolate(one, size, mode="bilinear", antialias=True)
        for one in opacities
    ]
    mean = torch.stack([one.sigmoid() for one in fine]).mean(dim=0)
    return torch.logit(mean, _LEAST)
