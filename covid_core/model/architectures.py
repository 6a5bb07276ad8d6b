"""The backbones by name, for whoever only reads cards: `networks` builds them, by PyTorch."""

from __future__ import annotations

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
