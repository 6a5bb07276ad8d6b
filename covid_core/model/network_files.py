"""A network's tensors on disk: written after training, read to train on, to measure, to export.

safetensors in, safetensors out; `card` has the card beside them. Pickle is never read here.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from covid_core.errors import WeightsError
from covid_core.model.architectures import TITLES
from covid_core.model.card import (
    FORMAT_VERSION,
    SHIPPED,
    WeightsCard,
    read_any_card,
)
from covid_core.model.networks import ARCHITECTURES, Network
from covid_core.model.tensors import (
    RETRAIN,
    checked,
    foreign_tensors,
    identity,
    read_pair,
    write_files,
)


def as_stored(network: Network) -> Network:
    """A copy of the network whose tensors went through the file's precision and back to float32."""
    stored = copy.deepcopy(network)
    stored.load_state_dict({name: t.float() for name, t in _storable(network).items()})
    return stored.eval()


def save_weights(card: WeightsCard, network: Network, folder: Path) -> WeightsCard:
    """The card as it is written beside the tensors: with their SHA-256, when and by which code.

    Both files are written whole, or neither. Raises WeightsError.
    """
    tensors = safetensors.torch.save(_storable(network))
    card = card.replace(
        format_version=FORMAT_VERSION,
        architecture=network.architecture,
        **identity(tensors),
        torch_version=torch.__version__,
        head=network.head.plan,
        opacity_map=network.opacity is not None,
        fine_opacity=network.detail is not None,
        appearance=network.appearance is not None,
        rules=card.rules,
    )
    write_files(folder, card.recipe, tensors, card.as_json())
    return card


def load_weights(folder: Path, recipe: str = SHIPPED) -> tuple[Network, WeightsCard]:
    """The network that a recipe made, in evaluation mode with frozen parameters, and its card.

    Raises WeightsError where a file is missing, damaged, or not made for this code.
    """
    card = read_any_card(folder, recipe)
    path = folder / f"{recipe}.safetensors"
    network = Network(
        card.architecture,
        len(card.classes),
        card.head_plan,
        opacity=card.opacity_map,
        fine_opacity=card.fine_opacity,
        appearance=card.appearance,
    )
    _fill(network, checked(path, card.sha256), path, TITLES[card.architecture])
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # half as fast else
    return network.eval().requires_grad_(False), card


def _fill(network: nn.Module, data: bytes, path: Path, title: str) -> None:
    """Fill a network with the tensors of a file's bytes: all of its own, finite.

    Raises WeightsError.
    """
    own = network.state_dict()
    try:
        tensors = safetensors.torch.load(data)
        for name, tensor in tensors.items():
            if tensor.dtype not in (torch.float16, torch.float32, own[name].dtype):
                raise TypeError(f"{name} is {tensor.dtype}")
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except Exception as error:  # safetensors and torch each have their own; all mean the same here
        raise foreign_tensors(path, title) from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError("the tensors hold NaN or infinity", RETRAIN, file=str(path))


def _storable(network: Network) -> dict[str, torch.Tensor]:
    # Normalisation statistics and the first layer stay float32: they weigh next to nothing, and
    # rounding the first layer alone did nine tenths of what rounding changed.
    first = f"features.{ARCHITECTURES[network.architecture].first}.weight"
    return {
        name: (tensor.half() if tensor.ndim >= 2 and name != first else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }


def write_network(network: nn.Module, folder: Path, name: str, **card: Any) -> dict[str, Any]:
    """The card of a small network, as it was written beside its tensors in float16.

    It holds `sha256`, `created` and `git_commit` besides. Raises WeightsError.
    """
    tensors = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in network.state_dict().items()
    }
    data = safetensors.torch.save(tensors)
    whole = {**identity(data), **card}
    write_files(folder, name, data, whole)
    return whole


def read_network(network: nn.Module, folder: Path, name: str) -> str:
    """Fill a network with what `write_network` wrote; gives its SHA-256. Raises WeightsError."""
    card, data = read_pair(folder, name)
    _fill(network, data, folder / f"{name}.safetensors", f"{name} network")
    return str(card["sha256"])
