"""DenseNet-121 on grey films, split where saliency needs it: tensor to feature map to logits."""

from __future__ import annotations

import re
from pathlib import Path

import covid_core.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import torch
from torch import nn
from torchvision.models import DenseNet121_Weights, densenet121

from covid_core.errors import WeightsError
from covid_core.findings import CLASSES

ARCHITECTURE = "densenet121"
# torchvision's published weights still have the old names, such as denselayer1.norm.1.weight.
_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


class Head(nn.Module):
    """Mean over the feature map's cells, then one linear layer: (N, C, h, w) to (N, classes).

    `cells` passes its input on unchanged. It is the layer to take a class activation map at: the
    whole backbone stays out of the explanation.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.cells = nn.Identity()
        self.linear = linear

    def forward(self, feature_map: torch.Tensor) -> torch.Tensor:
        return self.linear(self.cells(feature_map).mean(dim=(2, 3)))


class DenseNet121(nn.Module):
    """torchvision's DenseNet-121 (Huang et al. 2017) with one grey input channel and our head.

    The last ReLU is a layer of its own and works out of place: torchvision's works in place after
    `features`, so that what a hook stores there differs between CPU and GPU.
    """

    def __init__(self, classes: int = len(CLASSES)) -> None:
        super().__init__()
        # memory_efficient is off: the films are small, and recomputing costs time.
        self.features = densenet121(weights=None).features
        self.features.conv0 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.rectify = nn.ReLU(inplace=False)
        self.head = Head(nn.Linear(1024, classes))
        nn.init.kaiming_normal_(self.features.conv0.weight)
        nn.init.zeros_(self.head.linear.bias)

    def feature_map(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, 1024, H/32, W/32), never negative."""
        return self.rectify(self.features(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, classes) logits."""
        return self.head(self.feature_map(x))


def initial_state(init: str) -> dict[str, torch.Tensor] | None:
    """The weights that training starts from.

    `random` gives None; `imagenet` fetches torchvision's ImageNet weights, or reads them from its
    cache; anything else is a file, safetensors or a PyTorch state dict (read with
    `weights_only=True`: no code in it is ever run). Raises WeightsError.
    """
    if init == "random":
        return None
    if init == "imagenet":
        try:
            return dict(DenseNet121_Weights.IMAGENET1K_V1.get_state_dict(progress=True))
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"the ImageNet weights can't be fetched here ({error})",
                "Use --init random, or --init FILE with a copy of them",
            ) from error
    return _state_from_file(Path(init))


def _state_from_file(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # every reader has its own way to say "not such a file"
        raise WeightsError(
            f"it can't be read as weights ({type(error).__name__})",
            "Give a .safetensors file or a PyTorch state dict",
            file=str(path),
        ) from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else None
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(
            "it holds no state dict", "Save the network's state_dict()", file=str(path)
        )
    return dict(state)


def initialise(network: DenseNet121, state: dict[str, torch.Tensor]) -> int:
    """Copy into `network` what fits of `state`; returns how many of its tensors were filled.

    A first layer for colour is summed to one for grey. torchvision's head (`classifier`) is taken
    where its number of classes fits, else the head stays as drawn. Raises WeightsError where the
    backbone is not DenseNet-121's.
    """
    renamed = {_own_name(name): tensor.float() for name, tensor in state.items()}
    first = renamed.get("features.conv0.weight")
    if first is not None and first.shape[1] == 3:
        renamed["features.conv0.weight"] = first.sum(dim=1, keepdim=True)
    own = network.state_dict()
    fitting = {
        name: tensor
        for name, tensor in renamed.items()
        if name in own and own[name].shape == tensor.shape
    }
    missing = [name for name in own if name.startswith("features.") and name not in fitting]
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing:
        raise WeightsError(
            f"{len(missing)} tensors of DenseNet-121's backbone are missing, such as {missing[0]}",
            "Give weights of torchvision's densenet121 or of this project",
        )
    network.load_state_dict(fitting, strict=False)
    return len(fitting)


def _own_name(name: str) -> str:
    name = name.removeprefix("module.").replace("classifier.", "head.linear.")
    return _OLD_NAME.sub(r"\1\2", name)
