"""Which trained network an engine is to run, and that network in PyTorch.

The files alone say it, so that a process that finds the graph exported never imports PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from covid_core.errors import WeightsError
from covid_core.model.card import WeightsCard

if TYPE_CHECKING:
    from covid_core.engines.exported import ExportedNetwork


class Kind(StrEnum):
    """What a network is for, and so what it gives of N films."""

    CLASSIFIER = "classifier"  # feature maps (N, channels, h, w): `head` does the rest
    GATE = "gate"  # logits (N, 13), distances (N,)
    LUNGS = "lungs"  # probabilities of lung (N, S, S)


@dataclass(frozen=True, slots=True)
class Trained:
    """A tensor file, `folder`/`name`.safetensors of that SHA-256, and the side of its input."""

    kind: Kind
    folder: Path
    name: str
    sha256: str
    size_px: int


def classifier(folder: Path, name: str, card: WeightsCard) -> Trained:
    """What a recipe left in a weights folder, by its card."""
    return Trained(Kind.CLASSIFIER, folder, name, card.sha256, card.preprocess.size_px)


def reference(trained: Trained) -> ExportedNetwork:
    """The network in PyTorch.

    Raises WeightsError where the file is missing, damaged, another network's, or no longer that of
    `sha256`.
    """
    from covid_core.engines.exported import ExportedNetwork  # PyTorch: a second or two, and 170 MB

    if trained.kind is Kind.CLASSIFIER:
        from covid_core.model.network_files import load_weights

        network, card = load_weights(trained.folder, trained.name)
        _check(trained, card.sha256)
        return ExportedNetwork(network, network.engine_outputs)
    if trained.kind is Kind.GATE:
        from covid_core.model.gate_network import load_gate_network

        gate, sha256 = load_gate_network(trained.folder, trained.name)
        _check(trained, sha256)
        return ExportedNetwork(gate, gate.logits_and_distances)
    from covid_core.model.lungs_network import load_lung_network

    lungs, sha256 = load_lung_network(trained.folder, trained.name)
    _check(trained, sha256)
    return ExportedNetwork(lungs, lungs.probabilities)


def _check(trained: Trained, sha256: str) -> None:
    if sha256 != trained.sha256:
        raise WeightsError(
            "the weights were replaced while they were being loaded",
            "Start again",
            file=str(trained.folder),
        )
