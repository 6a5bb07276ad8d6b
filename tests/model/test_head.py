"""The head in NumPy: the network's own logits, and evidence that is pytorch-grad-cam's Grad-CAM."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from covid_core.evaluation.saliency_methods import METHOD, class_activation
from covid_core.findings import CLASSES, Finding
from covid_core.model.head import Head
from covid_core.model.head_plan import HeadPlan, HiddenLayer, deep_head
from covid_core.model.networks import Network
from tests.models import head_of, random_network


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
    evidence = head_of(network).evidence(feature_map(network, film), CLASSES.index(finding))
    stretched = scale_cam_image(scale_cam_image(np.maximum(evidence, 0)[np.newaxis], (224, 224)))
    assert plain.max() > 0.5, "a map without heat would compare equal to anything"
    assert np.abs(stretched - plain).max() < 1e-4


PLANS = {
    **{f"{depth} deep": deep_head(depth) for depth in range(5)},
    "the whole map": HeadPlan(7, 0.0, (HiddenLayer(64, slope=0.0, dropout=0.25),)),
    "parts that overlap": HeadPlan(3, hidden=(HiddenLayer(16), HiddenLayer(8, slope=0.0))),
    "the whole map, no hidden layer": HeadPlan(7),
    "normalised": HeadPlan(
        1, 0.2, (HiddenLayer(32, dropout=0.25), HiddenLayer(16, normalised=True), HiddenLayer(8))
    ),
    "normalised first": HeadPlan(2, 0.0, (HiddenLayer(16, slope=0.0, normalised=True),)),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_head_gives_the_network_s_logits_and_the_library_s_evidence(plan: HeadPlan) -> None:
    torch.manual_seed(len(plan.hidden))
    network = Network("resnet18", 3, plan)
    features = np.random.default_rng(plan.cells).random((512, 7, 7), np.float32)
    with torch.no_grad():
        for _ in range(3):  # statistics of normalisation other than those it begins with
            network.head.train()(torch.from_numpy(features) * torch.rand(8, 512, 7, 7))
    network = network.eval().requires_grad_(False)
    ours = head_of(network)
    with torch.inference_mode():
        logits = network.head(torch.from_numpy(features)[None])[0].numpy()
    assert np.abs(ours.logits(features) - logits).max() < 1e-4
    for output in range(3):
        theirs = class_activation(network.head, features, output, METHOD)
        assert np.abs(theirs).max() > 1e-6, "no evidence would compare equal to any other"
        assert np.allclose(ours.evidence(features, output), theirs, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("finding", CLASSES)
def test_cells_and_bias_sum_to_the_logit(network: Network, finding: Finding) -> None:
    head, output = head_of(network), CLASSES.index(finding)
    features = feature_map(network, torch.randn(1, 1, 224, 224))
    evidence = head.evidence(features, output)
    assert evidence.sum(dtype=np.float64) + head.bias[output] == pytest.approx(
        head.logits(features)[output], abs=1e-6
    )


def test_what_a_cell_is_worth_is_what_the_logit_loses_without_it_and_no_other_indices_tell() -> (
    None
):
    """The VGG study's map weighs channels by a hidden layer's weights of the same numbers, which
    are of other channels: it is no class activation map. Ours is."""
    drawing = np.random.default_rng(0)
    features = drawing.random((16, 7, 7), np.float32)
    head = Head(((drawing.standard_normal((2, 16)), np.zeros(2)),))
    lost = np.empty((7, 7))
    for cell in np.ndindex(7, 7):
        without = features.copy()
        without[:, *cell] = 0
        lost[cell] = head.logits(features)[1] - head.logits(without)[1]
    assert np.allclose(head.evidence(features, 1), lost, atol=1e-5)
    others = drawing.standard_normal(16)  # numbers that belong to something else
    theirs = np.einsum("c,chw->hw", others, features) / 49
    assert abs(np.corrcoef(theirs.ravel(), lost.ravel())[0, 1]) < 0.5


def test_a_head_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Head.of({"features.conv0.weight": np.zeros((1, 1, 1, 1))}, HeadPlan())


@pytest.mark.parametrize(
    "other", [HeadPlan(), deep_head(2), HeadPlan(3, hidden=PLANS["normalised first"].hidden)]
)
def test_tensors_of_another_plan_are_no_head(other: HeadPlan) -> None:
    network = Network("resnet18", 3, PLANS["normalised first"])
    tensors = {f"head.{name}": t.numpy() for name, t in network.head.state_dict().items()}
    with pytest.raises((KeyError, ValueError)):
        Head.of(tensors, other)


@pytest.mark.parametrize(
    ("part", "value"), [("running_var", -1.0), ("running_var", np.nan), ("weight", np.inf)]
)
def test_a_normalisation_that_can_t_be_is_no_head(part: str, value: float) -> None:
    plan = PLANS["normalised first"]
    network = Network("resnet18", 3, plan)
    tensors = {f"head.{name}": t.numpy() for name, t in network.head.state_dict().items()}
    tensors[f"head.hidden.1.{part}"] = np.full(16, value, np.float32)
    with pytest.raises(ValueError):
        Head.of(tensors, plan)


def test_four_threads_get_their_own_maps(network: Network) -> None:
    drawing = np.random.default_rng(0)
    head = head_of(network)
    maps = [drawing.random((1024, 7, 7), np.float32) for _ in range(48)]
    serial = [head.evidence(features, 2) for features in maps]
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(lambda features: head.evidence(features, 2), maps))
    assert np.array_equal(np.array(parallel), np.array(serial))
