"""The bench: both ways run and are counted; what it counts is what is known of a plain product."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from covid_core.__main__ import main
from covid_core.bench import training as module
from covid_core.bench.training import Bench, bench


@pytest.fixture(scope="module")
def measured() -> Iterator[Bench]:
    """What the bench finds in a moment, on two films."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MATRIX", 256)
        patch.setattr(module, "_FILMS", 4)
        patch.setattr(module, "_WARM_UP", 1)
        yield bench(steps=1, batch_size=2, device=torch.device("cpu"), architecture="resnet18")


def test_both_ways_are_measured(measured: Bench) -> None:
    assert measured.ours.films_per_s > 0
    assert measured.plain.films_per_s > 0
    assert measured.ratio == measured.ours.films_per_s / measured.plain.films_per_s
    assert 0 <= measured.ours.waiting < 1
    assert measured.matrix_share > 0
    assert measured.augmented > 0 < measured.augmented_singly
    assert measured.memory_share > 0


def test_work_is_counted_as_by_hand() -> None:
    a, b = torch.randn(8, 32), torch.randn(32, 16)
    flops, moved = module._work(lambda: torch.mm(a, b))
    assert flops == 2 * 8 * 32 * 16
    assert moved == 4 * (8 * 32 + 32 * 16 + 8 * 16)


def test_command_says_ratio_and_shares(
    measured: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(module, "bench", lambda **options: calls.append(options) or measured)
    arguments = ["bench", "train", "--steps", "1", "--batch-size", "2"]
    assert main([*arguments, "--architecture", "resnet18"]) == 0
    [options] = calls
    assert (options["steps"], options["batch_size"], options["architecture"]) == (1, 2, "resnet18")
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()[1:5]] == [
        "ours",
        "plain",
        "ratio",
        "augmentation",
    ]
