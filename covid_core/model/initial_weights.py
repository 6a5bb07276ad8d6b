"""The weights that training starts from: ImageNet's, a file's, or none; copied where they fit."""

from __future__ import annotations

import io
import re
from pathlib import Path

import safetensors.torch
import torch

from covid_core.errors import WeightsError
from covid_core.model import efficientnet_lite as lite
from covid_core.model.architectures import DENSENET121, TITLES
from covid_core.model.networks import ARCHITECTURES, Network
from covid_core.model.tensor_lists import check_header, check_pickles
from covid_core.storage.plain_files import read_regular

_MOST_BYTES = 2**31  # VGG-16, the largest backbone here, has 528 MiB
# torchvision's published weights still have the old names, such as denselayer1.norm.1.weight.
_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def initial_state(init: str, architecture: str = DENSENET121) -> dict[str, torch.Tensor] | None:
    """The weights that training starts from.

    `random` gives None; `imagenet` fetches torchvision's ImageNet weights, or reads them from its
    cache, or from the package that brings them; anything else is a file, safetensors or a PyTorch
    state dict (read with `weights_only=True`: no code in it is ever run). Raises WeightsError.
    """
    if init == "random":
        return None
    if init != "imagenet":
        return _state_from_file(Path(init))
    published = ARCHITECTURES[architecture].imagenet
    if published is None:
        raise WeightsError(f"there are no ImageNet weights of {architecture}", "Use --init random")
    if isinstance(published, lite.PackagedWeights):
        return _state_from_file(published.find())
    try:
        # Without `weights_only` it would run whatever code lies in the cache under that name.
        return dict(published.get_state_dict(progress=True, check_hash=True, weights_only=True))
    except Exception as error:  # no way out to the network, no room, or not such a file
        raise WeightsError(
            f"the ImageNet weights can't be fetched here ({error})",
            "Use --init random, or --init FILE with a copy of them",
        ) from error


def _state_from_file(path: Path) -> dict[str, torch.Tensor]:
    try:
        data = read_regular(path, _MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError("too large")
        loaded = _loaded(data, safe=path.suffix == ".safetensors")
    except Exception as error:  # every reader has its own way to say "not such a file"
        raise WeightsError(
            f"it can't be read as weights ({type(error).__name__})",
            "Give a .safetensors file or a PyTorch state dict",
            file=str(path),
        ) from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not (isinstance(state, dict) and state and all(map(_is_tensor, state, state.values()))):
        raise WeightsError(
            "it holds no state dict", "Save the network's state_dict()", file=str(path)
        )
    if sum(tensor.numel() for tensor in state.values()) > len(data):  # by a stride of nothing
        raise WeightsError("it unfolds to more than it holds", "Give plain tensors", file=str(path))
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise WeightsError(
            "it holds NaN or infinity", "Give another file, or use --init random", file=str(path)
        )
    return dict(state)


def _loaded(data: bytes, *, safe: bool) -> object:
    """What a file of tensors holds; raises for one whose list of them is beyond reason."""
    if safe:
        check_header(data)
        return safetensors.torch.load(data)
    check_pickles(data)
    return torch.load(io.BytesIO(data), "cpu", weights_only=True)


def _is_tensor(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, torch.Tensor)


def initialise(network: Network, state: dict[str, torch.Tensor]) -> int:
    """Copy into `network` what fits of `state`; returns how many of its tensors were filled.

    A first layer for colour is summed to one for grey. A head, torchvision's or ours, is taken
    where its shape fits, else it stays as drawn. Raises WeightsError where the backbone is another.
    """
    about = ARCHITECTURES[network.architecture]
    own = network.state_dict()
    renamed = {_own_name(name, own): tensor.float() for name, tensor in state.items()}
    name = f"features.{about.first}.weight"
    first = renamed.get(name)
    if first is not None and first.ndim == 4 and first.shape[1] == 3:
        renamed[name] = first.sum(dim=1, keepdim=True)
    fitting = {
        name: tensor
        for name, tensor in renamed.items()
        if name in own and own[name].shape == tensor.shape
    }
    missing = [name for name in own if name.startswith("features.") and name not in fitting]
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing:
        raise WeightsError(
            f"{len(missing)} tensors of {TITLES[network.architecture]}'s backbone are missing,"
            f" such as {missing[0]}",
            f"Give weights of {TITLES[network.architecture]}, as published or of this project",
        )
    network.load_state_dict(fitting, strict=False)
    return len(fitting)


def _own_name(name: str, own: dict[str, torch.Tensor]) -> str:
    name = lite.own_name(name).removeprefix("module.").replace("classifier.", "head.linear.")
    name = _OLD_NAME.sub(r"\1\2", name)
    return f"features.{name}" if f"features.{name}" in own else name  # ResNet has no `features`
