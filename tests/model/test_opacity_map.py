"""The opacity map: a second output, where the class looks, and no more than radiologists' boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from covid_core.evaluation.saliency_methods import class_activation
from covid_core.model.card import read_card
from covid_core.model.network_files import load_weights, save_weights
from covid_core.model.networks import LEAST_WEIGHT, Network
from covid_core.model.saliency import METHOD
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from tests.models import head_of


@pytest.fixture(scope="module")
def looking() -> Network:
    """DenseNet-121 with every output, its opacity drawn at random."""
    torch.manual_seed(0)
    network = Network(opacity=True, appearance=True)
    assert network.opacity is not None
    nn.init.normal_(network.opacity.weight, std=0.1)
    return network.eval().requires_grad_(False)


def test_every_output_is_had_in_one_pass(looking: Network) -> None:
    answered = looking.answer(torch.randn(2, 1, 96, 96))
    assert answered.logits.shape == (2, 3)
    assert answered.opacity is not None and answered.opacity.shape == (2, 1, 3, 3)
    assert answered.appearance is not None and answered.appearance.shape == (2, 4)
    plain = Network(opacity=False).eval().answer(torch.randn(1, 1, 96, 96))
    assert plain.opacity is None and plain.appearance is None


def test_an_engine_gives_the_opacity_map_beside_the_feature_map(looking: Network) -> None:
    x = torch.randn(2, 1, 96, 96)
    features, opacity = looking.feature_maps(x)
    assert torch.equal(opacity, looking.answer(x).opacity)
    assert torch.allclose(looking.head(features), looking(x))
    assert len(Network("cnn4").feature_maps(torch.zeros(1, 1, 32, 32))) == 1


def test_the_class_is_the_sum_of_its_evidence_where_the_opacity_is(looking: Network) -> None:
    x = torch.randn(1, 1, 96, 96)
    features, opacity = looking.maps(x)
    assert opacity is not None
    plain = looking.rectify(looking.features(x))
    weights = opacity.sigmoid() + LEAST_WEIGHT
    assert torch.allclose(features, plain * weights / weights.mean(), atol=1e-6)
    head = head_of(looking)
    for output in range(3):
        evidence = head.evidence(features[0].numpy(), output)
        logit = float(looking(x)[0, output])
        assert evidence.sum() + head.bias[output] == pytest.approx(logit, abs=1e-4)


def test_the_library_s_grad_cam_is_the_weighted_class_s_evidence(looking: Network) -> None:
    features = looking.feature_map(torch.randn(1, 1, 96, 96))[0].numpy()
    for output in range(3):
        ours = head_of(looking).evidence(features, output)
        theirs = class_activation(looking.head, features, output, METHOD)
        assert np.abs(ours - np.maximum(theirs, ours)).max() < 1e-4
        assert np.abs(np.maximum(ours, 0) - np.maximum(theirs, 0)).max() < 1e-4


def test_no_gradient_of_a_class_says_what_an_opacity_is() -> None:
    network = Network("cnn4", opacity=True)
    network(torch.randn(2, 1, 64, 64)).sum().backward()
    assert network.opacity is not None
    assert network.opacity.weight.grad is None


def test_at_first_a_new_opacity_map_changes_no_answer() -> None:
    torch.manual_seed(0)
    plain = Network("cnn4").eval()
    looking = Network("cnn4", opacity=True).eval()
    looking.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(2, 1, 64, 64)
    assert torch.allclose(plain(x), looking(x), atol=1e-5)


def test_a_prediction_carries_the_opacity_map_of_its_one_pass(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Network("cnn4", opacity=True, appearance=True).eval()
    assert network.opacity is not None
    nn.init.normal_(network.opacity.weight)
    preprocess = Preprocess(size_px=64)
    save_weights(
        network,
        tmp_path,
        preprocess=preprocess,
        training={},
        films={},
        results={},
        full_heat=0.1,
    )
    assert read_card(tmp_path).opacity_map and read_card(tmp_path).appearance
    predictor = Predictor.load(tmp_path, gated=False)
    radiograph = read_radiograph(png(draw_phantom(size_px=128)))
    prediction = predictor.predict(radiograph)
    loaded, _ = load_weights(tmp_path)
    x = preprocess.tensor(preprocess.picture(radiograph)[np.newaxis])
    answered = loaded.answer(x)
    assert answered.opacity is not None and prediction.opacity is not None
    expected = answered.opacity.sigmoid()[0, 0].numpy()
    assert np.abs(prediction.opacity - expected).max() < 1e-3
    assert np.abs(prediction.logits - answered.logits[0].numpy()).max() < 1e-3
