"""The networks, on grey films, split where saliency needs it: tensor to feature map to logits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models

from covid_core.findings import APPEARANCES, CLASSES
from covid_core.model import efficientnet_lite as lite
from covid_core.model.architectures import DENSENET121, TRANSITIONS, can_be_fine
from covid_core.model.head_plan import HeadPlan

LEAST_WEIGHT = 0.05  # of a cell where no opacity is: a film without any is pooled evenly
_RARE = -2.0  # first guess of a cell's opacity, in log odds: most cells have none


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
            nn.Conv2d(before, after, 3, padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(after),
            nn.MaxPool2d(2),
        )
        for before, after in pairwise((3, 64, 128, 256, 512))
    ]
    return nn.Sequential(*blocks)


def _four_narrow_convolutions() -> nn.Module:
    """Convolutions of 32, 64, 64 and 128 channels without padding, pooled thrice.

    Dropout follows each pooling, and nothing is normalised.
    """
    return nn.Sequential(
        nn.Sequential(
            nn.Conv2d(3, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.5),
        ),
        nn.Sequential(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
        nn.Sequential(nn.Conv2d(64, 128, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3)),
    )


ARCHITECTURES: dict[str, Architecture] = {
    DENSENET121: Architecture(
        # memory_efficient is off: the films are small, and recomputing costs time.
        lambda: models.densenet121(weights=None).features,
        "conv0",
        1024,
        models.DenseNet121_Weights.IMAGENET1K_V1,
        rectified=True,
    ),
    "efficientnet_b0": Architecture(
        lambda: models.efficientnet_b0(weights=None).features,
        "0.0",
        1280,
        models.EfficientNet_B0_Weights.IMAGENET1K_V1,
    ),
    "efficientnet_lite0": Architecture(lite.build, lite.FIRST, lite.CHANNELS, lite.LITE0),
    "efficientnet_lite2": Architecture(
        lambda: lite.build(width=1.1, depth=1.2), lite.FIRST, lite.CHANNELS, lite.LITE2
    ),
    "resnet18": Architecture(_resnet18, "conv1", 512, models.ResNet18_Weights.IMAGENET1K_V1),
    "vgg16": Architecture(
        lambda: models.vgg16(weights=None).features,
        "0",
        512,
        models.VGG16_Weights.IMAGENET1K_V1,
    ),
    "cnn4": Architecture(_four_convolutions, "0.0", 512, None),
    "cnn4_narrow": Architecture(_four_narrow_convolutions, "0.0", 128, None),
}


class PooledHead(nn.Module):
    """Mean over the feature map's cells, hidden layers if any, one linear layer: a `HeadPlan`.

    (N, C, h, w) to (N, outputs). `cells` passes its input on unchanged. It is the layer to take a
    class activation map at: the whole backbone stays out of the explanation.
    """

    def __init__(
        self,
        linear: nn.Linear,
        hidden: nn.Sequential | None = None,
        plan: HeadPlan = HeadPlan(),  # noqa: B008  (frozen)
    ) -> None:
        super().__init__()
        self.plan = plan
        self.feature_map = nn.Identity()
        self.pool = nn.AdaptiveAvgPool2d(plan.cells)
        self.dropout = nn.Dropout(plan.dropout)
        self.hidden = hidden if hidden is not None else nn.Sequential()
        self.linear = linear

    def forward(self, feature_map: torch.Tensor) -> torch.Tensor:
        """The logits of a feature map, (N, C, h, w)."""
        pooled = self.dropout(self.pool(self.feature_map(feature_map)).flatten(1))
        return self.linear(self.hidden(pooled))


class Outputs(NamedTuple):
    """What a network answers to N films.

    `logits`: (N, outputs). `opacity`: log odds of an opacity in each cell, (N, 1, h, w), and
    `appearance`: logits of the four appearances, (N, 4); None where a network has no such output.
    """

    logits: torch.Tensor
    opacity: torch.Tensor | None = None
    appearance: torch.Tensor | None = None


class Network(nn.Module):
    """One of torchvision's backbones (or ours) with one grey input channel and our head.

    With an `opacity` map, one 1 x 1 convolution that learns radiologists' boxes, the head looks
    where the opacity is: each cell of the feature map is weighted by its opacity's probability plus
    LEAST_WEIGHT, with a mean of 1 over the cells. So a class's evidence adds up cell by cell to its
    logit, as without. No gradient of a class reaches the weights: what an opacity is, boxes alone
    say. With `fine_opacity` a second 1 x 1 convolution, on the features before they are last
    halved, adds detail to the map, in cells half as wide (a lateral connection, as in the feature
    pyramids of Lin et al. 2017). The features, each repeated over its finer cells, are weighted
    there: of two cells within one of the backbone's, the opacity alone says where a class's
    evidence lies. `appearance`: one linear layer on the same pooled features.

    DenseNet's last ReLU is a layer of its own and works out of place: torchvision's works in place
    after `features`, so that what a hook stores there differs between CPU and GPU.
    """

    def __init__(
        self,
        architecture: str = DENSENET121,
        outputs: int = len(CLASSES),
        head: HeadPlan = HeadPlan(),  # noqa: B008  (frozen)
        *,
        opacity: bool = False,
        fine_opacity: bool = False,
        appearance: bool = False,
    ) -> None:
        """Raises ValueError for a fine opacity map of a backbone that can't give one."""
        super().__init__()
        about = ARCHITECTURES[architecture]
        if fine_opacity and not can_be_fine(architecture, opacity_map=opacity):
            raise ValueError(
                f"{architecture}, or a network without opacity map, can't have a fine one"
            )
        self.architecture = architecture
        self.features = about.build()
        self._make_grey(about.first)
        self.rectify = nn.ReLU(inplace=False) if about.rectified else nn.Identity()
        self.head = _head(about.channels, outputs, head)
        self.opacity = _opacity(about.channels) if opacity else None
        self.transition, channels = TRANSITIONS.get(architecture, ("", 0))
        self.detail = _zeroed(channels) if fine_opacity else None
        self.appearance = nn.Linear(about.channels, len(APPEARANCES)) if appearance else None

    def maps(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The feature map that the head sees, (N, channels, h, w), and the opacity map.

        `x`: normalised films, (N, 1, H, W). The opacity map holds log odds, (N, 1, h, w).
        """
        features, finer = self._features(x)
        features = self.rectify(features)
        if self.opacity is None:
            return features, None
        opacity = self.opacity(features)
        if self.detail is not None:
            detail = self.detail(finer)
            size = detail.shape[2:]
            opacity = F.interpolate(opacity, size, mode="bilinear", align_corners=False) + detail
            features = F.interpolate(features, size, mode="nearest")
        weights = opacity.detach().float().sigmoid() + LEAST_WEIGHT
        return features * (weights / weights.mean(dim=(2, 3), keepdim=True)), opacity

    def feature_map(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, channels, h, w), weighted where opacity is."""
        return self.maps(x)[0]

    def engine_outputs(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """All that an engine need give: the feature map and, where there is one, the opacity map.

        The head needs the former alone, without another pass.
        """
        features, opacity = self.maps(x)
        return (features,) if opacity is None else (features, opacity)

    def answer(self, x: torch.Tensor) -> Outputs:
        """(N, 1, H, W) normalised films to every output."""
        features, opacity = self.maps(x)
        appearance = None
        if self.appearance is not None:
            appearance = self.appearance(features.mean(dim=(2, 3)))
        return Outputs(self.head(features), opacity, appearance)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) normalised films to (N, outputs) logits."""
        return self.head(self.feature_map(x))

    def _features(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The backbone's last features and, for detail, those before they are last halved."""
        if self.detail is None:
            return self.features(x), None
        finer = None
        for name, part in self.features.named_children():
            if name == self.transition:  # torchvision's: normalised and rectified, then halved
                x = finer = part.relu(part.norm(x))  # type: ignore[operator]
                x = part.pool(part.conv(x))  # type: ignore[operator]
            else:
                x = part(x)
        return x, finer

    def _make_grey(self, name: str) -> None:
        parent, _, last = name.rpartition(".")
        colour = self.features.get_submodule(name)
        assert isinstance(colour, nn.Conv2d)
        grey = nn.Conv2d(
            1,
            colour.out_channels,
            colour.kernel_size,  # type: ignore[arg-type]
            colour.stride,  # type: ignore[arg-type]
            colour.padding,  # type: ignore[arg-type]
            bias=colour.bias is not None,
        )
        nn.init.kaiming_normal_(grey.weight)
        setattr(self.features.get_submodule(parent), last, grey)


def _head(channels: int, outputs: int, plan: HeadPlan) -> PooledHead:
    """A head drawn at random for a feature map of so many channels."""
    inputs, layers = channels * plan.cells**2, list[nn.Module]()
    for layer in plan.hidden:
        layers.append(nn.Linear(inputs, layer.width))
        if layer.normalised:
            layers.append(nn.BatchNorm1d(layer.width))
        layers += [nn.LeakyReLU(layer.slope), nn.Dropout(layer.dropout)]
        inputs = layer.width
    linear = nn.Linear(inputs, outputs)
    nn.init.zeros_(linear.bias)
    return PooledHead(linear, nn.Sequential(*layers), plan)


def _opacity(channels: int) -> nn.Conv2d:
    """One output a cell, at first the same everywhere, so that pooling starts as a plain mean."""
    layer = _zeroed(channels)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, _RARE)
    return layer


def _zeroed(channels: int) -> nn.Conv2d:
    """One output a cell, at first 0 everywhere."""
    layer = nn.Conv2d(channels, 1, 1)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
