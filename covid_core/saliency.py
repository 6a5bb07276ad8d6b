"""Where in the film a score comes from: Grad-CAM on the head alone, without state.

Grad-CAM (Selvaraju et al. 2017) needs the last feature map and the gradient of one logit with
respect to it. Both are had from the head, so the backbone runs once, for the prediction, and any
class's map costs half a millisecond more.

pytorch-grad-cam hooks the model it is given. Hooks on a network that several people share record
each other's films, so each call builds a head of its own, which only borrows the frozen parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import covid_core.torchvision_ops  # noqa: F401  (must come before torchvision, for grad-cam)

# isort: split
import numpy as np
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from covid_core.findings import Finding
from covid_core.networks import Head

METHOD = "Grad-CAM"


@dataclass(frozen=True, slots=True, eq=False)
class Saliency:
    """One class's map over one film.

    `cells`: float32 (7, 7), the evidence for (above 0) or against (below 0) the class in each cell
    of the feature map, in logits; the cells' sum plus `bias` is the class's logit.
    `placement`: top, left, height, width of the film in the network's input of `size_px`.
    `full_heat`: the evidence of one cell that is drawn at full heat, so that maps of different
    films can be compared, and a film with no evidence stays cold.
    """

    finding: Finding
    cells: np.ndarray
    bias: float
    placement: tuple[int, int, int, int]
    size_px: int
    full_heat: float
    method: str = METHOD

    def heat(self, height: int, width: int) -> np.ndarray:
        """The evidence for the class on a grid over the film: float32 (height, width), 0 to 1."""
        return np.clip(self._evidence(height, width) / self.full_heat, 0, 1).astype(np.float32)

    def share_inside(self, mask: np.ndarray) -> float:
        """How much of the evidence for the class lies inside a mask over the film, bool (h, w): 0
        to 1, NaN where there is no such evidence at all."""
        evidence = np.maximum(self._evidence(*mask.shape), 0)
        total = float(evidence.sum())
        return float(evidence[mask].sum()) / total if total > 0 else float("nan")

    def _evidence(self, height: int, width: int) -> np.ndarray:
        top, left, inner_height, inner_width = self.placement
        # The film's part of the input, in cells; Pillow interpolates between cell centres.
        scale = self.cells.shape[0] / self.size_px
        box = (left, top, left + inner_width, top + inner_height)
        evidence = Image.fromarray(np.maximum(self.cells, 0)).resize(
            (width, height),
            Image.Resampling.BICUBIC,
            box=tuple(side * scale for side in box),
        )
        return np.asarray(evidence)


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


def grad_cam(head: Head, feature_map: np.ndarray, output: int) -> np.ndarray:
    """Evidence for an output, float32 (h, w) in logits, from a feature map, float32 (C, h, w).

    Signed and unscaled. For a mean over cells and one linear layer, the cells' sum plus the bias is
    exactly the logit. Safe to call from any thread; touches nothing shared.
    """
    return class_activation(head, feature_map, output, METHOD)


def class_activation(head: Head, feature_map: np.ndarray, output: int, method: str) -> np.ndarray:
    """The same by another of METHODS, to compare with: only Grad-CAM's cells are logits."""
    with torch.inference_mode(False), torch.enable_grad():
        borrowed = Head(head.linear, head.hidden)
        cells = torch.from_numpy(feature_map.copy()).unsqueeze(0).requires_grad_(True)
        with METHODS[method](model=borrowed, target_layers=[borrowed.cells]) as cam:
            evidence = cam(cells, [ClassifierOutputTarget(output)])
    return evidence[0].astype(np.float32)
