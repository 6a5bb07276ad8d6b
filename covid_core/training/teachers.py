"""Teachers: trained networks whose answers a smaller one, the pupil, learns.

It is distillation (Hinton et al. 2015), both given the same augmented films (Beyer et al. 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import functional as F

from covid_core.errors import TrainingError
from covid_core.model.card import WeightsCard, read_cards
from covid_core.model.network_files import load_weights
from covid_core.model.networks import Network, Outputs
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.half_precision import half_precision

_LEAST = 1e-6  # of a probability, whose logarithm is taken


class Teachers:
    """Networks that answer together, by their mean probability.

    `cards`: one each; `names`: with each one's hash.
    """

    def __init__(self, trained: Sequence[tuple[Network, WeightsCard]]) -> None:
        self._trained = [(network.eval(), card.preprocess) for network, card in trained]
        self.cards = tuple(card for _, card in trained)
        self.names = tuple(f"{card.recipe} {card.sha256[:16]}" for card in self.cards)

    @classmethod
    def load(cls, folders: Sequence[Path], pupil: Preprocess, answers: int) -> Teachers:
        """Every network in these weights folders, as teachers of one pupil.

        `pupil`: its preprocessing; `answers`: how many outputs it has. Raises WeightsError where a
        network can't be read, TrainingError where one has other outputs than the pupil or was
        trained on films that are prepared otherwise.
        """
        trained = []
        for folder in folders:
            for name in read_cards(folder):
                network, card = load_weights(folder, name)
                if len(card.classes) != answers or not _prepares_alike(card.preprocess, pupil):
                    raise TrainingError(
                        f"the teacher {name} has other outputs than the pupil, or was trained on"
                        f" radiographs prepared otherwise: {card.preprocess.describe()}",
                        "Train the teacher by a recipe of the same task, tone and fit",
                        file=str(folder),
                    )
                trained.append((network, card))
        if not trained:
            raise TrainingError(
                "there are no weights in it to learn from",
                "Give --teacher a folder that train.py wrote weights to",
                file=", ".join(map(str, folders)),
            )
        return cls(trained)

    def to(self, device: torch.device) -> Teachers:
        """The same teachers, moved to a device."""
        for network, _ in self._trained:
            network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    @torch.no_grad()  # inference tensors could not be part of a loss
    def answer(self, films: torch.Tensor) -> Outputs:
        """The teachers' mean answer to grey films, float32 (N, 1, S, S), 0 to 1.

        Log probabilities of the classes and the appearances, log odds of the opacities; None for an
        output that not all of them have.
        """
        with half_precision(films.device):
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


def _prepares_alike(one: Preprocess, other: Preprocess) -> bool:
    """Whether two preprocessings differ in size and normalisation at most."""
    return replace(one, size_px=other.size_px, mean=other.mean, std=other.std) == other


def _mean_log(logits: Sequence[torch.Tensor]) -> torch.Tensor:
    """The logarithm of the mean probability."""
    mean = torch.stack([one.softmax(dim=1) for one in logits]).mean(dim=0)
    return mean.clamp(min=_LEAST).log()


def _mean_odds(opacities: Sequence[torch.Tensor]) -> torch.Tensor:
    """The mean of opacity maps, in log odds, in the cells of the finest one."""
    size = max(one.shape[-1] for one in opacities)
    fine = [
        one if one.shape[-1] == size else F.interpolate(one, size, mode="bilinear", antialias=True)
        for one in opacities
    ]
    mean = torch.stack([one.sigmoid() for one in fine]).mean(dim=0)
    return torch.logit(mean, _LEAST)
