"""What lies around the lungs: exchanged, the lungs untouched; or the lungs painted, and unknown."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from covid_core.model.lungs_network import LungNetwork
from covid_core.model.networks import Outputs
from covid_core.training.losses import Losses, Targets, batch_loss
from covid_core.training.surroundings import (
    Surroundings,
    change_surroundings,
    choose_donors,
    outline_lungs,
    paint_lungs,
)

COUNT, SIDE = 8, 96
BODIES = torch.linspace(0.6, 0.95, COUNT)  # one grey for each body
LUNGS = torch.linspace(0.05, 0.3, COUNT)  # and for each pair of lungs


class DarkIsLung(LungNetwork):
    """A network that takes whatever is darker than mid-grey for lung."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -20 * x


def drawn_films() -> torch.Tensor:
    films = BODIES[:, None, None, None].expand(COUNT, 1, SIDE, SIDE).clone()
    for columns in (slice(15, 40), slice(56, 81)):
        films[:, :, 20:76, columns] = LUNGS[:, None, None, None]
    return films


FILMS = drawn_films()
LABELS = torch.arange(COUNT) % 3


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def targets() -> Targets:
    answers = Outputs(torch.ones(COUNT, 3) * LABELS[:, None], torch.ones(COUNT, 1, 3, 3))
    return Targets(
        LABELS,
        LABELS.clone(),
        torch.zeros(COUNT, 1, 64, 64),
        torch.ones(COUNT, dtype=torch.bool),
        answers,
    )


def changed(limits: Surroundings, films: torch.Tensor = FILMS) -> tuple[torch.Tensor, Targets]:
    return change_surroundings(films, targets(), limits, DarkIsLung(), generator())


def test_lungs_are_outlined_with_a_margin_and_without_the_gap_between_them() -> None:
    lungs = outline_lungs(FILMS, DarkIsLung())[0, 0]
    assert lungs[20:76, 15:40].all() and lungs[20:76, 56:81].all()
    assert lungs[48, 12] and not lungs[48, 5]
    assert not lungs[48, 48]


def test_an_exchanged_film_keeps_its_lungs_in_another_body() -> None:
    films, known = changed(Surroundings(exchanged=1.0))
    assert films[:, 0, 48, 28] == pytest.approx(LUNGS, abs=1e-3)
    bodies = films[:, 0, 2, 2]
    assert (bodies - BODIES).abs().min() > 0.02
    assert (bodies[:, None] - BODIES).abs().min(dim=1).values.max() < 1e-3
    assert known.labels.equal(LABELS)


def test_a_body_is_that_of_another_source_where_there_is_one() -> None:
    sources = torch.arange(40) // 10  # sorted by source, as batches are
    for seed in range(5):
        donors = choose_donors(40, sources, generator(seed))
        assert (sources[donors] != sources).all()
        assert len(donors.unique()) > 15
    alone = choose_donors(4, torch.zeros(4, dtype=torch.int64), generator())
    assert (alone != torch.arange(4)).all()
    assert choose_donors(1, None, generator()).tolist() == [0]


def test_no_lung_of_the_other_body_is_seen() -> None:
    films = FILMS.clone()
    films[1::2, :, 20:76, 15:40] = BODIES[1::2, None, None, None]  # those have one lung
    found, _ = changed(Surroundings(exchanged=1.0), films)
    assert found[1::2, 0, 48, 28].min() > 0.5


def test_an_emptied_film_has_no_lungs_and_nothing_is_known_of_it() -> None:
    films, known = changed(Surroundings(emptied=1.0))
    assert known.emptied is not None and known.emptied.all()
    assert (
        films[:, 0, 30:66, 20:35].amax((1, 2)) - films[:, 0, 30:66, 20:35].amin((1, 2))
    ).max() < 0.05
    assert (known.labels == -1).all()
    assert known.appearances is not None and (known.appearances == -1).all()
    assert known.annotated is not None and not known.annotated.any()
    assert known.teacher is not None and known.teacher.opacity is not None
    assert known.teacher.logits.softmax(dim=1) == pytest.approx(torch.full((COUNT, 3), 1 / 3))
    assert known.teacher.opacity.sigmoid().max() < 0.01


def test_half_of_the_fills_are_what_surrounds_the_lungs() -> None:
    many = FILMS[:1].expand(200, -1, -1, -1)
    painted = paint_lungs(many, outline_lungs(many, DarkIsLung()), generator())[:, 0, 48, 28]
    as_around = (painted - BODIES[0]).abs() < 0.01
    assert 0.4 < as_around.float().mean() < 0.65
    assert painted.std() > 0.05


def test_a_consolidation_in_a_box_is_shown_with_the_lungs() -> None:
    known = targets()
    assert known.masks is not None
    known.masks[:, :, 56:62, 28:36] = 1  # below the lungs
    films, _ = change_surroundings(
        FILMS, known, Surroundings(exchanged=1.0), DarkIsLung(), generator()
    )
    assert films[:, 0, 88, 48] == pytest.approx(BODIES, abs=0.01)


@pytest.mark.parametrize("limits", [Surroundings(), Surroundings(exchanged=1.0)])
def test_films_without_lungs_and_those_not_chosen_stay_as_they_are(limits: Surroundings) -> None:
    films = torch.full_like(FILMS, 0.8) if limits else FILMS
    found, known = changed(limits, films)
    assert found.equal(films) and known.labels.equal(LABELS)


def test_the_shares_are_those_of_the_recipe() -> None:
    emptied, exchanged = 0, 0
    for seed in range(60):
        films, known = change_surroundings(
            FILMS, targets(), Surroundings(0.3, 0.1), DarkIsLung(), generator(seed)
        )
        empty = torch.zeros(COUNT, dtype=torch.bool) if known.emptied is None else known.emptied
        emptied += int(empty.sum())
        exchanged += int(((films[:, 0, 2, 2] - BODIES).abs() > 0.01).sum())
    assert emptied / (60 * COUNT) == pytest.approx(0.1, abs=0.05)
    assert exchanged / (60 * COUNT) == pytest.approx(0.3, abs=0.1)


def test_of_an_emptied_film_every_class_is_to_be_as_likely() -> None:
    logits = torch.tensor([[3.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
    emptied = torch.tensor([True, False])
    found = batch_loss(Outputs(logits), Targets(torch.tensor([-1, 1]), emptied=emptied), Losses())
    chance = F.cross_entropy(logits[:1], torch.full((1, 3), 1 / 3))
    expected = (chance + F.cross_entropy(logits[1:], torch.tensor([1]))) / 2
    assert float(found) == pytest.approx(float(expected))


def test_a_network_learns_of_emptied_films_that_it_can_t_know() -> None:
    head = nn.Linear(1, 3)
    optimiser = torch.optim.SGD(head.parameters(), 1.0)
    known = Targets(torch.tensor([2, -1]), emptied=torch.tensor([False, True]))
    for _ in range(300):
        optimiser.zero_grad()
        logits = head(torch.tensor([[1.0], [-1.0]]))
        batch_loss(Outputs(logits), known, Losses()).backward()
        optimiser.step()
    disease, empty = head(torch.tensor([[1.0], [-1.0]])).softmax(dim=1).detach()
    assert disease[2] > 0.8
    assert empty == pytest.approx(torch.full((3,), 1 / 3), abs=0.1)
