"""The plain ways from a file's bytes to a probability and Grad-CAM, as the peers' apps have them.

Pillow or pydicom, the library's transforms, the network in eager PyTorch, pytorch-grad-cam. Random
weights serve. The class that is explained is the most probable one.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision)

# isort: split
import numpy as np
import pydicom
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchvision import models
from torchvision.transforms import v2

_ANSWERS = 3
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's

Read = Callable[[bytes], tuple[np.ndarray, np.ndarray]]  # probabilities, heat (224, 224)


def torchvision_way() -> Read:
    """Torchvision's DenseNet-121 of three classes, on RGB."""
    network = models.densenet121(weights=None, num_classes=_ANSWERS).eval()
    prepared = v2.Compose(
        [
            v2.Resize((224, 224)),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(_MEAN, _STD),
        ]
    )

    def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
        return _answered(network, prepared(_picture(data).convert("RGB")).unsqueeze(0))

    return read


def torchxrayvision_way() -> Read | None:
    """Torchxrayvision's DenseNet-121, on grey; None where that library is not installed."""
    try:
        import torchxrayvision
    except ImportError:
        return None
    network = torchxrayvision.models.DenseNet(weights=None, num_classes=_ANSWERS).eval()
    prepared = v2.Compose(
        [
            torchxrayvision.datasets.XRayCenterCrop(),
            torchxrayvision.datasets.XRayResizer(224, engine="cv2"),
        ]
    )

    def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
        grey = np.asarray(_picture(data).convert("L"))
        scaled = torchxrayvision.datasets.normalize(grey, 255)[np.newaxis]
        return _answered(network, torch.from_numpy(prepared(scaled)).float().unsqueeze(0))

    return read


def _answered(network: Any, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    with torch.no_grad():
        probabilities = network(x).softmax(dim=1)[0]
    with GradCAM(model=network, target_layers=[network.features[-1]]) as library:
        heat = library(x, [ClassifierOutputTarget(int(probabilities.argmax()))])[0]
    return probabilities.numpy(), heat


def _picture(data: bytes) -> Image.Image:
    if data[128:132] != b"DICM":
        return Image.open(io.BytesIO(data))
    values = pydicom.dcmread(io.BytesIO(data)).pixel_array.astype(np.float64)
    grey = (values - values.min()) / np.ptp(values) * 255
    return Image.fromarray(grey.astype(np.uint8))
