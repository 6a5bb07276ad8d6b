"""What a network answers to films in memory, batch by batch: logits, and probabilities by rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from covid_core.datasets.split import MEASURED, Split
from covid_core.engines.memory import in_batches
from covid_core.model.decision import Rules
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.augment import shrink
from covid_core.training.films import Films
from covid_core.training.half_precision import half_precision

_BATCH = 64

Output = Callable[[Network, torch.Tensor], torch.Tensor]
"""From a network and its input, (N, 1, S, S), one of its outputs: a tensor (N, …)."""


def network_input(
    films: Films, indices: np.ndarray, preprocess: Preprocess, size_px: int, device: torch.device
) -> torch.Tensor:
    """Films as a network is given them: float32 (N, 1, size_px, size_px), normalised."""
    pictures = torch.as_tensor(films.pictures[indices]).to(device)
    x = preprocess.normalise(shrink(pictures, size_px))
    return x.contiguous(memory_format=torch.channels_last)


def class_logits(network: Network, x: torch.Tensor) -> torch.Tensor:
    """The logits of the classes, (N, outputs)."""
    return network(x)


def opacity_logits(network: Network, x: torch.Tensor) -> torch.Tensor:
    """The log odds of an opacity in each cell, (N, h, w), of a network that has an opacity map."""
    opacity = network.maps(x)[1]
    assert opacity is not None
    return opacity[:, 0]


@torch.inference_mode()
def compute_logits(
    network: Network,
    films: Films,
    indices: np.ndarray,
    preprocess: Preprocess,
    *,
    device: torch.device,
    size_px: int | None = None,
    half: bool = False,
    output: Output = class_logits,
) -> np.ndarray:
    """Logits, float64 (N, outputs), of the films at `indices`; or those of another `output`.

    `size_px`: another film size than the preprocessing's, for validation between stages.
    `half`: bfloat16, for speed where the last digits don't matter.
    """
    network.eval()

    def logits_of_batch(batch: np.ndarray, there: torch.device) -> torch.Tensor:
        x = network_input(films, batch, preprocess, size_px or preprocess.size_px, there)
        with half_precision(there, wanted=half):
            return output(network.to(there), x).double().cpu()

    batches = in_batches(logits_of_batch, indices, device, _BATCH)
    network.to(device)
    if not batches:
        return np.zeros((0, network.head.linear.out_features))
    return torch.cat(batches).numpy()


def logits_by_split(
    network: Network,
    films: Films,
    preprocess: Preprocess,
    *,
    device: torch.device,
    splits: Sequence[Split] = (Split.VALIDATION, *MEASURED),
) -> dict[Split, np.ndarray]:
    """Logits, float64 (N, outputs), of the films of each split that did not train the network."""
    return {
        split: compute_logits(network, films, films.part(split), preprocess, device=device)
        for split in splits
    }


def probabilities_by_split(
    logits: Mapping[Split, np.ndarray], rules: Rules
) -> dict[Split, np.ndarray]:
    """Probabilities by `rules` of the films that results are measured on: test and held out.

    `logits`: as `logits_by_split` gives them.
    """
    return {split: rules.probabilities(logits[split]) for split in MEASURED}
