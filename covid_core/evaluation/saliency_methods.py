"""Grad-CAM and its kin by pytorch-grad-cam: to hold ours to, and to compare with.

The library hooks the model it is given. Hooks on a network that several people share record each
other's films, so each call builds a head of its own, which only borrows the frozen parameters.
"""

from __future__ import annotations

import covid_core.model.torchvision_ops  # noqa: F401  (must come before torchvision, for grad-cam)

# isort: split
import numpy as np
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from covid_core.model.networks import PooledHead
from covid_core.model.saliency import METHOD


class _Unstretched(BaseCAM):  # type: ignore[misc]
    """A method of the library, before it clips and stretches each map from minimum to maximum.

    Stretched, a film with no evidence for a class glows as much as one with plenty.
    """

    def compute_cam_per_layer(
        self, input_tensor: torch.Tensor, targets: list[nn.Module], eigen_smooth: bool
    ) -> np.ndarray:
        seen = self.activations_and_grads
        return self.get_cam_image(
            input_tensor,
            self.target_layers[0],
            targets,
            seen.activations[0].numpy(),
            seen.gradients[0].numpy(),
            eigen_smooth,
        )

    def aggregate_multi_layers(self, cam_per_target_layer: np.ndarray) -> np.ndarray:
        return cam_per_target_layer


class _GradCAM(_Unstretched, GradCAM):  # type: ignore[misc]
    pass


class _GradCAMPlusPlus(_Unstretched, GradCAMPlusPlus):  # type: ignore[misc]
    pass


class _LayerCAM(_Unstretched, LayerCAM):  # type: ignore[misc]
    pass


# The library's HiResCAM and XGrad-CAM are Grad-CAM itself for a mean over cells and a linear layer.
METHODS: dict[str, type[BaseCAM]] = {
    METHOD: _GradCAM,
    "Grad-CAM++": _GradCAMPlusPlus,
    "LayerCAM": _LayerCAM,
}


def class_activation(
    head: PooledHead, feature_map: np.ndarray, output: int, method: str
) -> np.ndarray:
    """Evidence for an output in each cell of a feature map, float32 (h, w).

    Signed and unscaled; only Grad-CAM's cells are logits. `feature_map`: float32 (C, h, w). Safe to
    call from any thread.
    """
    with torch.inference_mode(False), torch.enable_grad():
        borrowed = PooledHead(head.linear, head.hidden, head.plan)
        cells = torch.from_numpy(feature_map.copy()).unsqueeze(0).requires_grad_(True)
        with METHODS[method](model=borrowed, target_layers=[borrowed.feature_map]) as cam:
            evidence = cam(cells, [ClassifierOutputTarget(output)])
    return evidence[0].astype(np.float32)
