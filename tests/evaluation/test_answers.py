"""Answers are remembered for exactly these tensors, this preparation, this split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from covid_core.datasets.split import Split
from covid_core.evaluation import answers
from covid_core.evaluation.answers import remembered_answers
from covid_core.model.network_files import load_weights
from covid_core.prepare.preprocess import Preprocess
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

    def remembered(of: object) -> dict[Split, np.ndarray]:
        device = torch.device("cpu")
        return remembered_answers(network, of, films, tmp_path, device=device)  # type: ignore[arg-type]

    first, again = remembered(card), remembered(card)
    assert len(calls) == 1
    assert [first[split].shape for split in first] == [(3, 3), (4, 3), (0, 3)]
    assert all(np.array_equal(first[split], again[split]) for split in first)
    smooth = card.replace(preprocess=Preprocess(size_px=32, smooth_px=1.0))
    for other in (smooth, card.replace(sha256="another"), card.replace(split="that")):
        remembered(other)
    assert len(calls) == 4
