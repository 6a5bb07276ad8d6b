"""A network whose evidence lies in one cell: its map knows, chance does not, drawing weights anew
changes it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covid_core.evaluation.faithfulness import (
    SHARES,
    STAGES,
    Stage,
    area,
    cells_of,
    curves,
    randomised,
    similarity,
)
from covid_core.evaluation.saliency_methods import METHODS
from covid_core.model.card import WeightsCard
from covid_core.model.networks import Network
from covid_core.model.saliency import METHOD
from covid_core.prepare.preprocess import Preprocess
from tests.models import OneCell, save_network

SIDE = 112
CPU = torch.device("cpu")
PREPROCESS = Preprocess(size_px=SIDE)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> WeightsCard:
    return save_network(
        Network("cnn4"),
        tmp_path_factory.mktemp("weights"),
        preprocess=PREPROCESS,
        full_heat=1.0,
    )


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Grey grain, and a bright spot in the cell where `OneCell` looks."""
    film = np.random.default_rng(0).integers(40, 60, (SIDE, SIDE)).astype(np.uint8)
    cell = SIDE // 7
    film[2 * cell + 4 : 3 * cell - 4, 5 * cell + 4 : 6 * cell - 4] = 255
    return film


def test_the_only_hot_cell_is_where_the_evidence_is(picture: np.ndarray) -> None:
    x = PREPROCESS.tensor(picture[np.newaxis])
    for method in METHODS:
        (cells,) = cells_of(OneCell(2, 5), x, np.array([2]), method)
        assert np.unravel_index(cells.argmax(), cells.shape) == (2, 5)
        assert (cells > 0).sum() == 1


def test_deletion_falls_at_once_and_insertion_rises_at_once(
    card: WeightsCard, picture: np.ndarray
) -> None:
    network = OneCell(2, 5)
    (cells,) = cells_of(network, PREPROCESS.tensor(picture[np.newaxis]), np.array([2]), METHOD)
    deletion, insertion = curves(network, card, picture, cells, 2, device=CPU)
    assert len(deletion) == len(insertion) == len(SHARES) == 17
    assert deletion[0] == pytest.approx(insertion[-1]) and deletion[0] > 0.9
    assert deletion[-1] == pytest.approx(insertion[0]) and deletion[-1] < 0.5
    assert deletion[1] < 0.2 and insertion[1] > 0.9
    assert area(deletion) < 0.5 < area(insertion)


def test_coldest_first_is_the_other_way_round(card: WeightsCard, picture: np.ndarray) -> None:
    network = OneCell(2, 5)
    (cells,) = cells_of(network, PREPROCESS.tensor(picture[np.newaxis]), np.array([2]), METHOD)
    deletion, insertion = curves(network, card, picture, -cells, 2, device=CPU)
    assert deletion[-3] > 0.9 and insertion[-3] < 0.2


def test_area_is_that_under_the_curve() -> None:
    assert area(SHARES) == pytest.approx(0.5)
    assert area(np.stack([np.ones(17), SHARES**2])) == pytest.approx([1, 1 / 3], abs=1e-3)


@pytest.fixture(scope="module")
def learnt() -> Network:
    torch.manual_seed(4)
    return Network("resnet18").eval().requires_grad_(False)


@pytest.mark.parametrize("stage", STAGES)
def test_randomised_weights_change_the_map(learnt: Network, stage: Stage) -> None:
    films = np.random.default_rng(1).integers(0, 256, (6, SIDE, SIDE)).astype(np.uint8)
    films[:, 30:75, 15:50] //= 3
    x, outputs = PREPROCESS.tensor(films), np.zeros(6, int)
    before = {name: tensor.clone() for name, tensor in learnt.state_dict().items()}
    alike = similarity(learnt, x, outputs, stage, seed=0)
    assert alike.shape == (6,)
    assert (np.abs(alike) <= 1).all() and alike.mean() < 0.6
    assert all(torch.equal(before[name], now) for name, now in learnt.state_dict().items())


def test_stages_reach_ever_deeper(learnt: Network) -> None:
    x = torch.randn(4, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    own = learnt.state_dict()
    changed = []
    for stage in STAGES:
        drawn = randomised(learnt, x, stage, seed=0).state_dict()
        changed.append({name for name in own if not torch.equal(own[name], drawn[name])})
    head, block, everything = changed
    assert head == {"head.linear.weight", "head.linear.bias"}
    assert head < block < everything
    assert {name.split(".")[1] for name in block - head} == {"layer4"}
    assert "features.conv1.weight" in everything


def test_the_same_seed_draws_the_same_weights_and_leaves_others_dice_alone(
    learnt: Network,
) -> None:
    x = torch.randn(4, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    first, again, other = (randomised(learnt, x, "everything", seed=s)(x) for s in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first, again) and not torch.allclose(first, other)
    assert first.std(dim=0).min() > 1e-3, "films differ in it"


@pytest.mark.parametrize("stage", STAGES)
def test_no_learnt_opacity_weighs_a_randomised_map(stage: Stage) -> None:
    """Its detail is on features below the last block: kept, it would make maps alike."""
    learnt = Network("densenet121", opacity=True, fine_opacity=True).eval()
    before = learnt.state_dict()
    after = randomised(learnt, torch.rand(2, 1, 64, 64), stage, seed=0).state_dict()
    same = {
        name
        for name in ("opacity.weight", "detail.weight")
        if torch.equal(before[name], after[name])
    }
    assert same == (set() if stage != "head" else {"opacity.weight", "detail.weight"})
