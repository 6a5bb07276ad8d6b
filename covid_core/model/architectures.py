"""The backbones by name, for whoever only reads cards: `networks` builds them, by PyTorch."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

DENSENET121 = "densenet121"
TITLES = {
    DENSENET121: "DenseNet-121",
    "efficientnet_b0": "EfficientNet-B0",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "efficientnet_lite2": "EfficientNet-Lite2",
    "resnet18": "ResNet-18",
    "vgg16": "VGG16",
    "cnn4": "four-layer CNN",
    "cnn4_narrow": "narrow four-layer CNN",
}
# The part that last halves the features, by name, and how many channels it is given: of backbones
# whose opacity map can have finer cells.
TRANSITIONS = {DENSENET121: ("transition3", 1024)}


def _is_an_architecture(name: str) -> str:
    if name not in TITLES:
        raise ValueError(f"there is no architecture {name}, only {', '.join(TITLES)}")
    return name


def can_be_fine(architecture: str, *, opacity_map: bool) -> bool:
    """Whether such a network's opacity map can have cells half as wide as its features'."""
    return opacity_map and architecture in TRANSITIONS


ArchitectureName = Annotated[str, AfterValidator(_is_an_architecture)]
"""One of the keys of TITLES."""
