"""The methods that ours is compared with are pytorch-grad-cam's own, before it stretches them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from covid_core.evaluation.saliency_methods import METHOD, METHODS, class_activation
from covid_core.model.networks import Network, PooledHead
from tests.models import random_network


@pytest.fixture(scope="module")
def network() -> Network:
    return random_network().requires_grad_(False)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(3).random((1024, 7, 7), np.float32)


def of_the_library(method: type[BaseCAM], head: PooledHead, features: np.ndarray) -> np.ndarray:
    """The library's own map for the last class, stretched to 0 to 1: float (h, w)."""
    cells = torch.from_numpy(features).unsqueeze(0).requires_grad_(True)
    with method(model=head, target_layers=[head.feature_map]) as library:
        library.get_target_width_height = lambda x: (7, 7)  # it knows pictures only
        return library(cells, [ClassifierOutputTarget(2)])[0]


def stretched(cells: np.ndarray) -> np.ndarray:
    return scale_cam_image(np.maximum(cells, 0)[np.newaxis])[0]


@pytest.mark.parametrize("method", [GradCAM, GradCAMPlusPlus, LayerCAM])
def test_equals_the_library(network: Network, features: np.ndarray, method: type[BaseCAM]) -> None:
    name = dict(zip([GradCAM, GradCAMPlusPlus, LayerCAM], METHODS, strict=True))[method]
    ours = class_activation(network.head, features, 2, name)
    theirs = of_the_library(method, random_network().head, features)
    assert ours.max() > 0
    assert np.abs(stretched(ours) - theirs).max() < 1e-3


@pytest.mark.parametrize("method", [HiResCAM, XGradCAM])
def test_two_more_would_be_grad_cam_itself(
    network: Network, features: np.ndarray, method: type[BaseCAM]
) -> None:
    theirs = of_the_library(method, random_network().head, features)
    ours = class_activation(network.head, features, 2, METHOD)
    assert np.abs(stretched(ours) - theirs).max() < 1e-3


def test_leaves_no_hook_and_no_gradient_on_the_shared_network(
    network: Network, features: np.ndarray
) -> None:
    class_activation(network.head, features, 2, METHOD)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())
