"""Teachers: their mean answer, to the very views that the pupil is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from covid_core.errors import TrainingError
from covid_core.model.networks import Network
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.losses import Losses, Targets, batch_loss
from covid_core.training.teachers import Teachers
from tests.models import save_network

PREPROCESS = Preprocess(size_px=64, tone="equalise")


def saved(folder: Path, seed: int, preprocess: Preprocess = PREPROCESS, outputs: int = 3) -> Path:
    torch.manual_seed(seed)
    network = Network("cnn4", opacity=True, appearance=True).eval()
    save_network(
        network,
        folder,
        preprocess=preprocess,
        full_heat=0.1,
        recipe=f"teacher{seed}",
    )
    return folder


def test_the_mean_of_probabilities_is_answered(tmp_path: Path) -> None:
    films = torch.rand(4, 1, 64, 64)
    one, two = (Teachers.load([saved(tmp_path / str(i), i)], PREPROCESS, 3) for i in range(2))
    both = Teachers.load([tmp_path / "0", tmp_path / "1"], PREPROCESS, 3)
    mean = (one.answer(films).logits.exp() + two.answer(films).logits.exp()) / 2
    assert torch.allclose(both.answer(films).logits.exp(), mean, atol=1e-5)
    maps = [teacher.answer(films).opacity for teacher in (one, two, both)]
    assert all(one is not None for one in maps)
    odds = [one.sigmoid() for one in maps if one is not None]
    assert torch.allclose((odds[0] + odds[1]) / 2, odds[2], atol=1e-5)
    assert both.answer(films).appearance is not None
    assert len(both.names) == 2


def test_each_teacher_has_its_own_normalisation(tmp_path: Path) -> None:
    other = replace(PREPROCESS, mean=0.4, std=0.5)
    films = torch.rand(2, 1, 64, 64)
    plain = Teachers.load([saved(tmp_path / "a", 0)], PREPROCESS, 3)
    shifted = Teachers.load([saved(tmp_path / "b", 0, other)], PREPROCESS, 3)
    assert not torch.allclose(plain.answer(films).logits, shifted.answer(films).logits)


def test_a_teacher_used_to_other_films_or_answers_is_refused(tmp_path: Path) -> None:
    for number, other in enumerate(({"tone": "stretch"}, {"borders": "cut"})):
        folder = saved(tmp_path / str(number), 0, replace(PREPROCESS, **other))
        with pytest.raises(TrainingError, match="prepared otherwise"):
            Teachers.load([folder], PREPROCESS, 3)
    with pytest.raises(TrainingError, match="other outputs"):
        Teachers.load([saved(tmp_path / "fit", 1)], PREPROCESS, 2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="no weights in it to learn from"):
        Teachers.load([tmp_path / "empty"], PREPROCESS, 3)


def test_a_pupil_learns_from_what_a_teacher_answers(tmp_path: Path) -> None:
    teacher = Teachers.load([saved(tmp_path, 0)], PREPROCESS, 3)
    pupil, films = Network("cnn4", opacity=True, appearance=True), torch.rand(2, 1, 64, 64)
    unknown = torch.full((2,), -1)
    targets = Targets(unknown, unknown, teacher=teacher.answer(films))
    batch_loss(pupil.answer(PREPROCESS.normalise(films)), targets, Losses()).backward()
    assert pupil.head.linear.weight.grad is not None
    assert pupil.head.linear.weight.grad.abs().sum() > 0
