"""The opacity map: a second output, where the class looks, and no more than radiologists' boxes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from covid_core.evaluation.saliency_methods import class_activation
from covid_core.findings import APPEARANCES
from covid_core.model.card import read_card, save_card
from covid_core.model.network_files import load_weights
from covid_core.model.networks import LEAST_WEIGHT, Network
from covid_core.model.saliency import METHOD
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from tests.models import head_of, save_network, save_opacity_weights


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
    features, opacity = looking.engine_outputs(x)
    assert torch.equal(opacity, looking.answer(x).opacity)
    assert torch.allclose(looking.head(features), looking(x))
    assert len(Network("cnn4").engine_outputs(torch.zeros(1, 1, 32, 32))) == 1


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


def test_a_prediction_carries_every_output_of_its_one_pass(tmp_path: Path) -> None:
    save_opacity_weights(tmp_path)
    assert read_card(tmp_path).opacity_map and read_card(tmp_path).appearance
    predictor = Predictor.load(tmp_path, gated=False)
    runs, run = [], predictor.engine.run
    predictor.engine.run = lambda x: runs.append(len(x)) or run(x)  # type: ignore[method-assign]
    radiograph = read_radiograph(png(draw_phantom(size_px=128)))
    prediction = predictor.predict(radiograph)
    assert runs == [1]
    loaded, card = load_weights(tmp_path)
    x = card.preprocess.tensor(card.preprocess.picture(radiograph)[np.newaxis])
    answered = loaded.answer(x)
    assert answered.opacity is not None and prediction.opacity is not None
    assert answered.appearance is not None and prediction.appearances is not None
    expected = answered.opacity.sigmoid()[0, 0].numpy()
    assert np.abs(prediction.opacity - expected).max() < 1e-4
    assert np.abs(prediction.logits - answered.logits[0].numpy()).max() < 1e-4
    shares = answered.appearance.softmax(dim=1)[0].numpy()
    assert np.abs(prediction.appearances - shares).max() < 1e-4
    assert prediction.category is APPEARANCES[int(shares.argmax())]
    assert prediction.opacity_peak == pytest.approx(float(expected.max()), abs=1e-4)


def test_a_cell_without_film_shows_no_opacity(tmp_path: Path) -> None:
    save_opacity_weights(tmp_path)
    card = read_card(tmp_path)
    save_card(card.replace(preprocess=replace(card.preprocess, fit="pad")), tmp_path)
    predictor = Predictor.load(tmp_path, gated=False)
    tall = read_radiograph(png(draw_phantom(size_px=384)[:, 120:264]))
    opacity = predictor.predict(tall).opacity
    assert opacity is not None
    assert (opacity[:, [0, -1]] == 0).all() and (opacity[:, 1:-1] > 0).all()


def test_detail_makes_the_map_finer_and_the_class_looks_there(tmp_path: Path) -> None:
    torch.manual_seed(0)
    coarse = Network(opacity=True).eval()
    fine = Network(opacity=True, fine_opacity=True).eval()
    assert coarse.opacity is not None and fine.detail is not None
    nn.init.normal_(coarse.opacity.weight, std=0.1)
    fine.load_state_dict(coarse.state_dict(), strict=False)
    x = torch.randn(2, 1, 96, 96)
    before, after = coarse.answer(x), fine.answer(x)
    assert before.opacity is not None and after.opacity is not None
    assert before.opacity.shape == (2, 1, 3, 3) and after.opacity.shape == (2, 1, 6, 6)
    spread = F.interpolate(before.opacity, scale_factor=2, mode="bilinear", align_corners=False)
    assert torch.equal(after.opacity, spread), "at first there is none"
    nn.init.normal_(fine.detail.weight, std=0.1)
    features, opacity = fine.maps(x)
    assert opacity is not None and not torch.allclose(opacity, spread)
    weights = opacity.sigmoid() + LEAST_WEIGHT
    plain = coarse.rectify(coarse.features(x)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    looked = plain * weights / weights.mean(dim=(2, 3), keepdim=True)
    assert torch.allclose(features, looked, atol=1e-5)
    head = head_of(fine)
    evidence = head.evidence(features[0].detach().numpy(), 2)
    assert evidence.shape == (6, 6)
    logit = float(fine(x)[0, 2].detach())
    assert evidence.sum() + head.bias[2] == pytest.approx(logit, abs=1e-4)
    save_network(fine, tmp_path)
    loaded, card = load_weights(tmp_path)
    answered = loaded.answer(x).opacity
    assert card.fine_opacity and answered is not None and answered.shape == (2, 1, 6, 6)


def test_a_backbone_that_can_t_give_a_fine_map_is_refused() -> None:
    for wrong in ({"architecture": "cnn4", "opacity": True}, {"opacity": False}):
        with pytest.raises(ValueError, match="can't have a fine one"):
            Network(fine_opacity=True, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("size_px", [48, 112])
def test_a_film_s_side_need_not_hold_whole_cells(size_px: int) -> None:
    network = Network(opacity=True, fine_opacity=True).eval()
    assert network.detail is not None
    nn.init.normal_(network.detail.weight, std=0.1)
    features, opacity = network.maps(torch.randn(1, 1, size_px, size_px))
    assert opacity is not None
    assert features.shape[2:] == opacity.shape[2:] == (size_px // 16, size_px // 16)
    head = head_of(network)
    evidence = sum(head.evidence(features[0].detach().numpy(), 1).ravel())
    logit = float(network.head(features)[0, 1].detach())
    assert evidence + head.bias[1] == pytest.approx(logit, abs=1e-4)
