"""Logits are cached for exactly these tensors, this preparation, these films in their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from covid_core.datasets.split import Split
from covid_core.evaluation import answers
from covid_core.evaluation.answers import load_or_compute_logits
from covid_core.model.card import WeightsCard
from covid_core.model.network_files import load_weights
from covid_core.prepare.preprocess import Preprocess
from covid_core.training.films import Films
from tests.evaluation.test_trust import films_of
from tests.models import random_weights


def test_answers_are_computed_once_for_each_preparation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, card = load_weights(random_weights(tmp_path / "weights"))
    card = card.replace(preprocess=Preprocess(size_px=32), split="this")
    films = films_of([Split.VALIDATION] * 3 + [Split.TEST] * 4)
    calls = []

    def counted(*given: object, **settings: object) -> dict[Split, np.ndarray]:
        calls.append(given)
        return logits_by_split(*given, **settings)  # type: ignore[arg-type]

    logits_by_split = answers.logits_by_split
    monkeypatch.setattr(answers, "logits_by_split", counted)

    def remembered(of: WeightsCard, own: Films = films) -> dict[Split, np.ndarray]:
        device = torch.device("cpu")
        return load_or_compute_logits(network, of, own, tmp_path, device=device)

    first, again = remembered(card), remembered(card)
    assert len(calls) == 1
    assert [first[split].shape for split in first] == [(3, 3), (4, 3), (0, 3)]
    assert all(np.array_equal(first[split], again[split]) for split in first)
    smooth = card.replace(preprocess=Preprocess(size_px=32, smooth_px=1.0))
    for other in (smooth, card.replace(sha256="another")):
        remembered(other)
    remembered(card, films_of([Split.TEST] * 4 + [Split.VALIDATION] * 3))
    assert len(calls) == 4
