"""What a network learns from: each part counts where something is known, and nowhere else."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from covid_core.model.networks import Outputs
from covid_core.training.losses import Losses, Targets, batch_loss

LABELS = torch.tensor([0, 2, -1, 1])


def outputs(seed: int = 0) -> Outputs:
    torch.manual_seed(seed)
    return Outputs(torch.randn(4, 3), torch.randn(4, 1, 5, 5), torch.randn(4, 4))


@pytest.mark.parametrize("weights", [None, torch.tensor([0.2, 0.5, 0.3])])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_classes_alone_are_pytorch_s_cross_entropy(
    weights: torch.Tensor | None, smoothing: float
) -> None:
    answered = Outputs(outputs().logits)
    expected = F.cross_entropy(
        answered.logits, LABELS, weights, ignore_index=-1, label_smoothing=smoothing
    )
    found = batch_loss(
        answered, Targets(LABELS), Losses(), label_smoothing=smoothing, class_weights=weights
    )
    assert float(found) == pytest.approx(float(expected), rel=1e-4)


def test_emptied_films_weigh_as_much_as_any_whatever_classes_weigh() -> None:
    logits, emptied = outputs().logits, torch.tensor([True] * 4)
    targets = Targets(torch.full((4,), -1), emptied=emptied)
    weights = torch.tensor([0.2, 0.5, 0.3])
    found = [
        float(batch_loss(Outputs(logits), targets, Losses(), class_weights=one))
        for one in (None, weights)
    ]
    assert found[0] == pytest.approx(found[1])
    assert found[0] == pytest.approx(float(-logits.log_softmax(dim=1).mean()))


def test_a_batch_of_which_nothing_is_known_teaches_nothing() -> None:
    unknown = torch.full((4,), -1)
    targets = Targets(unknown, unknown, torch.zeros(4, 1, 64, 64), torch.zeros(4, dtype=torch.bool))
    assert float(batch_loss(outputs(), targets, Losses())) == 0


def test_boxes_count_only_where_a_film_was_annotated() -> None:
    masks = torch.zeros(4, 1, 64, 64)
    masks[1, :, :32] = 1
    annotated = torch.tensor([False, True, False, True])
    answered = outputs()
    assert answered.opacity is not None
    plain = batch_loss(answered, Targets(LABELS), Losses())
    found = batch_loss(answered, Targets(LABELS, None, masks, annotated), Losses(boxes=2.0)) - plain
    goal = F.adaptive_avg_pool2d(masks, (5, 5))[annotated]
    expected = 2 * F.binary_cross_entropy_with_logits(answered.opacity[annotated], goal)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_the_appearance_is_learnt_where_it_is_known() -> None:
    appearances = torch.tensor([-1, 3, -1, 0])
    answered = outputs()
    assert answered.appearance is not None
    plain = batch_loss(answered, Targets(LABELS), Losses())
    found = batch_loss(answered, Targets(LABELS, appearances), Losses(appearance=0.5)) - plain
    expected = 0.5 * F.cross_entropy(answered.appearance[[1, 3]], appearances[[1, 3]])
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_a_teacher_takes_its_share_of_the_goals() -> None:
    answered, teacher = outputs(), outputs(1)
    alone = batch_loss(
        Outputs(answered.logits),
        Targets(LABELS, teacher=Outputs(teacher.logits)),
        Losses(teacher=1.0),
    )
    expected = F.cross_entropy(answered.logits, teacher.logits.softmax(dim=1))
    assert float(alone) == pytest.approx(float(expected), rel=1e-5)


def test_boxes_keep_their_weight_beside_a_teacher_of_wider_cells() -> None:
    fine, coarse = torch.randn(4, 1, 10, 10), torch.randn(4, 1, 5, 5)
    masks, annotated = torch.rand(4, 1, 20, 20), torch.ones(4, dtype=torch.bool)
    logits, answers = outputs().logits, outputs(1).logits
    boxes = F.binary_cross_entropy_with_logits(fine, F.adaptive_avg_pool2d(masks, 10))
    for map_of_teacher, weight in ((coarse, 1.0), (fine, 0.3)):
        known = Targets(LABELS, None, masks, annotated, Outputs(answers, map_of_teacher))
        unknown = Targets(LABELS, teacher=Outputs(answers, map_of_teacher))
        losses = Losses(teacher=0.7)
        with_boxes = batch_loss(Outputs(logits, fine), known, losses)
        without = batch_loss(Outputs(logits, fine), unknown, losses)
        assert float(with_boxes - without) == pytest.approx(weight * float(boxes), rel=1e-4)


def test_maps_of_a_teacher_and_its_pupil_are_compared_in_the_coarser_s_cells() -> None:
    fine, coarse = torch.randn(4, 1, 10, 10), torch.randn(4, 1, 5, 5)
    pooled = F.adaptive_avg_pool2d(fine.sigmoid(), 5)
    for pupil, teacher, own, goal in (
        (coarse, fine, coarse.sigmoid(), pooled),
        (fine, coarse, pooled, coarse.sigmoid()),
    ):
        logits = outputs().logits
        losses = Losses(boxes=2.0, teacher=1.0)
        both = Targets(LABELS, teacher=Outputs(outputs(1).logits, teacher))
        alone = Targets(LABELS, teacher=Outputs(outputs(1).logits))
        found = batch_loss(Outputs(logits, pupil), both, losses)
        without = batch_loss(Outputs(logits, pupil), alone, losses)
        expected = 2 * F.binary_cross_entropy(own, goal)
        assert float(found - without) == pytest.approx(float(expected), rel=1e-4)
