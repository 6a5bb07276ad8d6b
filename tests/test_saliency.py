"""Grad-CAM: the library's own answer, exact in logits, and the right film's in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from covid_core.findings import CLASSES, Finding
from covid_core.networks import Head, Network
from covid_core.saliency import METHODS, Saliency, class_activation, grad_cam
from tests.models import random_network


@pytest.fixture(scope="module")
def network() -> Network:
    return random_network().requires_grad_(False)


def feature_map(network: Network, film: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return network.feature_map(film)[0].numpy()


@pytest.mark.parametrize("finding", CLASSES)
def test_equals_the_library_on_the_whole_network(network: Network, finding: Finding) -> None:
    film = torch.randn(1, 1, 224, 224, generator=torch.Generator().manual_seed(1))
    plain_network = random_network()
    with GradCAM(model=plain_network, target_layers=[plain_network.rectify]) as library:
        plain = library(film, [ClassifierOutputTarget(CLASSES.index(finding))])
    ours = np.maximum(grad_cam(network.head, feature_map(network, film), CLASSES.index(finding)), 0)
    stretched = scale_cam_image(scale_cam_image(ours[np.newaxis], (224, 224)))
    assert plain.max() > 0.5, "a map without heat would compare equal to anything"
    assert np.abs(stretched - plain).max() < 1e-4


def of_the_library(method: type[BaseCAM], head: Head, features: np.ndarray) -> np.ndarray:
    """The library's own map for the last class, stretched to 0 to 1: float (h, w)."""
    cells = torch.from_numpy(features).unsqueeze(0).requires_grad_(True)
    with method(model=head, target_layers=[head.cells]) as library:
        library.get_target_width_height = lambda x: (7, 7)  # it knows pictures only
        return library(cells, [ClassifierOutputTarget(2)])[0]


def stretched(cells: np.ndarray) -> np.ndarray:
    return scale_cam_image(np.maximum(cells, 0)[np.newaxis])[0]


@pytest.mark.parametrize("method", [GradCAM, GradCAMPlusPlus, LayerCAM])
def test_other_methods_equal_the_library(network: Network, method: type[BaseCAM]) -> None:
    features = np.random.default_rng(3).random((1024, 7, 7), np.float32)
    name = dict(zip([GradCAM, GradCAMPlusPlus, LayerCAM], METHODS, strict=True))[method]
    ours = class_activation(network.head, features, 2, name)
    theirs = of_the_library(method, random_network().head, features)
    assert ours.max() > 0
    assert np.abs(stretched(ours) - theirs).max() < 1e-3


@pytest.mark.parametrize("method", [HiResCAM, XGradCAM])
def test_two_more_would_be_grad_cam_itself(network: Network, method: type[BaseCAM]) -> None:
    features = np.random.default_rng(3).random((1024, 7, 7), np.float32)
    theirs = of_the_library(method, random_network().head, features)
    assert np.abs(stretched(grad_cam(network.head, features, 2)) - theirs).max() < 1e-3


@pytest.mark.parametrize("finding", CLASSES)
def test_cells_and_bias_sum_to_the_logit(network: Network, finding: Finding) -> None:
    film = torch.randn(1, 1, 224, 224)
    features = feature_map(network, film)
    with torch.inference_mode():
        logit = float(network(film)[0, CLASSES.index(finding)])
    bias = float(network.head.linear.bias[CLASSES.index(finding)])
    evidence = grad_cam(network.head, features, CLASSES.index(finding))
    assert evidence.sum() + bias == pytest.approx(logit, abs=1e-4)


def test_leaves_no_hook_and_no_gradient_on_the_shared_network(network: Network) -> None:
    grad_cam(network.head, feature_map(network, torch.randn(1, 1, 224, 224)), 2)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_four_threads_get_their_own_maps(network: Network) -> None:
    drawing = np.random.default_rng(0)
    maps = [drawing.random((1024, 7, 7), np.float32) for _ in range(48)]
    serial = [grad_cam(network.head, features, 2) for features in maps]
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(lambda f: grad_cam(network.head, f, 2), maps))
    assert np.abs(np.array(parallel) - np.array(serial)).max() < 1e-5


def saliency(
    cells: np.ndarray, placement: tuple[int, int, int, int] = (0, 0, 224, 224)
) -> Saliency:
    return Saliency(Finding.COVID, cells.astype(np.float32), 0.0, placement, 224, full_heat=0.5)


def test_heat_lies_where_the_evidence_is() -> None:
    cells = np.zeros((7, 7))
    cells[1, 5] = 0.4  # high on the right
    heat = saliency(cells).heat(700, 1400)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert heat.shape == (700, 1400)
    assert heat.dtype == np.float32
    assert 100 <= row < 200
    assert 1000 <= column < 1200


def test_heat_is_on_one_scale_for_all_films() -> None:
    assert saliency(np.zeros((7, 7))).heat(64, 64).max() == 0
    assert saliency(np.full((7, 7), -1.0)).heat(64, 64).max() == 0
    assert saliency(np.full((7, 7), 0.25)).heat(64, 64) == pytest.approx(0.5)
    assert saliency(np.full((7, 7), 9.0)).heat(64, 64).max() == 1


def test_heat_of_a_padded_film_leaves_the_padding_out() -> None:
    cells = np.zeros((7, 7))
    cells[:, :2] = 1.0  # only in the left padding
    assert saliency(cells, placement=(0, 96, 224, 32)).heat(224, 32).max() < 0.05


def test_share_inside_is_that_of_the_evidence_for_the_class() -> None:
    cells = np.zeros((7, 7))
    cells[1, 1], cells[5, 5], cells[1, 5] = 1.0, 3.0, -9.0
    left = np.arange(70) < 35
    mask = np.broadcast_to(left, (70, 70))
    assert saliency(cells).share_inside(mask) == pytest.approx(0.25, abs=0.01)
    assert saliency(cells).share_inside(~mask) == pytest.approx(0.75, abs=0.01)
    assert np.isnan(saliency(-np.ones((7, 7))).share_inside(mask)), "no evidence, no share"
