"""The networks, on grey films, split where saliency needs it: tensor to feature map to logits."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import covid_core.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import torch
from torch import nn
from torchvision import models

from covid_core import efficientnet_lite as lite
from covid_core.architectures import DENSENET121, TITLES
from covid_core.errors import WeightsError
from covid_core.findings import CLASSES
from covid_core.head import LEAK

_WIDTHS = (512, 128, 64, 32)  # of a deep head's hidden layers
_DROPOUT = 0.25
# torchvision's published weights still have the old names, such as denselayer1.norm.1.weight.
_OLD_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A backbone: `build` draws it at random, for colour as torchvision does or for grey as ours.

    `first`: its first layer, by name. `channels`: of its feature map. `imagenet`: published
    weights, torchvision's or a package's, None where there are none. `rectified`: whether a ReLU
    follows it.
    """

    build: Callable[[], nn.Module]
    first: str
    channels: int
    imagenet: models.WeightsEnum | lite.PackagedWeights | None
    rectified: bool = False


def _resnet18() -> nn.Module:
    whole = models.resnet18(weights=None)
    layers = [(name, layer) for name, layer in whole.named_children()]
    return nn.Sequential(OrderedDict(layers[:-2]))  # without the mean and the last layer


def _four_convolutions() -> nn.Module:
    """Four times convolution, ReLU, normalisation and pooling: 64 to 512 channels."""
    blocks = [
        nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(after),
            nn.MaxPool2d(2),
        )
        for before, after in pairwise((3, 64, 128, 256, 512))
    ]  # fmt: skip
    return nn.Sequential(*blocks)


ARCHITECTURES: dict[str, Architecture] = {
    DENSENET121: Architecture(
        # memory_efficient is off: the films are small, and recomputing costs time.
        lambda: models.densenet121(weights=None).features, "conv0", 1024,
        models.DenseNet121_Weights.IMAGENET1K_V1, rectified=True,
    ),
    "efficientnet_b0": Architecture(
        lambda: models.efficientnet_b0(weights=None).features, "0.0", 1280,
        models.EfficientNet_B0_Weights.IMAGENET1K_V1,
    ),
    "efficientnet_lite0": Architecture(lite.build, lite.FIRST, lite.CHANNELS, lite.LITE0),
    "efficientnet_lite2": Architecture(
        lambda: lite.build(width=1.1, depth=1.2), lite.FIRST, lite.CHANNELS, lite.LITE2
    ),
    "resnet18": Architecture(
        _resnet18, "conv1", 512, models.ResNet18_Weights.IMAGENET1K_V1
    ),
    "vgg16": Architecture(
        lambda: models.vgg16(weights=None).features, "0", 512,
        models.VGG16_Weights.IMAGENET1K_V1,
    ),
    "cnn4": Architecture(_four_convolutions, "0.0", 512, None),
}  # fmt: skip


class Head(nn.Module):
    """Mean over the feature map's cells, hidden layers if any, one linear layer.

    (N, C, h, w) to (N, outputs). `cells` passes its input on unchanged. It is the layer to take a
    class activation map at: the whole backbone stays out of the explanation.
    """

    def __init__(self, linear: nn.Linear, hidden: nn.Sequential | None = None) -> None:
        super().__init__()
        self.cells = nn.Identity()
        self.hidden = hidden if hidden is not None else nn.Sequential()
        self.linear = linear

    @property
    def depth(self) -> int:
        """How many hidden layers it has."""
        return sum(isinstance(layer, nn.Linear) for layer in self.hidden)

    def forward(self, feature_map: torch.Tensor) -> torch.Tensor:
        return self.linear(self.hidden(self.cells(feature_map).mean(dim=(2, 3))))


class Network(nn.Module):
    """One of torchvision's backbones (or ours) with one grey input channel and our head.

    DenseNet's last ReLU is a layer of its own and works out of place: torchvision's works in place
    after `features`, so that what a hook stores there differs between CPU and GPU.
    """

    def __init__(
        self, architecture: str = DENSENET121, outputs: int = len(CLASSES), head_depth: int = 0
    ) -> None:
        super().__init__()
        about = ARCHITECTURES[architecture]
        self.architecture = architecture
        self.features = about.build()
        self._make_grey(about.first)
        self.rectify = nn.ReLU(inplace=False) if about.rectified else nn.Identity()
        self.head = _head(about.channels, outputs, head_depth)

    def feature_map(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, channels, h, w)."""
        return self.rectify(self.features(x))

    def feature_maps(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """All that an engine need give: the head is had from it without another pass."""
        return (self.feature_map(x),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, outputs) logits."""
        return self.head(self.feature_map(x))

    def _make_grey(self, name: str) -> None:
        parent, _, last = name.rpartition(".")
        colour = self.features.get_submodule(name)
        assert isinstance(colour, nn.Conv2d)
        grey = nn.Conv2d(
            1, colour.out_channels, colour.kernel_size, colour.stride, colour.padding,  # type: ignore[arg-type]
            bias=colour.bias is not None,
        )  # fmt: skip
        nn.init.kaiming_normal_(grey.weight)
        setattr(self.features.get_submodule(parent), last, grey)


def _head(channels: int, outputs: int, depth: int) -> Head:
    """A head with `depth` hidden layers, 0 to 4."""
    if not 0 <= depth <= len(_WIDTHS):
        raise WeightsError(f"a head can't be {depth} deep", f"Give 0 to {len(_WIDTHS)}")
    layers: list[nn.Module] = []
    for before, after in pairwise((channels, *_WIDTHS[:depth])):
        layers += [nn.Linear(before, after), nn.LeakyReLU(LEAK), nn.Dropout(_DROPOUT)]
    linear = nn.Linear(_WIDTHS[depth - 1] if depth else channels, outputs)
    nn.init.zeros_(linear.bias)
    return Head(linear, nn.Sequential(*layers))


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
    from safetensors.torch import load_file

    try:
        safe = path.suffix == ".safetensors"
        loaded = load_file(path) if safe else torch.load(path, "cpu", weights_only=True)
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
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise WeightsError("it holds NaN or infinity", "Give weights that work", file=str(path))
    return dict(state)


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
