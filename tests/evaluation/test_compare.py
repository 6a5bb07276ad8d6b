"""Several weights on one manifest: the same films for all, and another split is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from covid_core.__main__ import main
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import write_manifest
from covid_core.datasets.split import Split, fingerprint
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.compare import Scored, find_weights, score_weights
from covid_core.networks import Network
from covid_core.preprocess import Preprocess
from covid_core.tasks import TASKS
from covid_core.weights import save_weights
from tests.films import clinic

SMALL = Preprocess(size_px=64)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A manifest, and two networks at random: one trained on its split, one on another."""
    place = tmp_path_factory.mktemp("place")
    table = compile_manifest([clinic(place / "c", films=120)], place / "cache", workers=2).table
    write_manifest(table, place / "m.csv")
    for task, split in (("covid or normal", fingerprint(table)), ("three classes", "other")):
        torch.manual_seed(1)
        outputs = TASKS[task].outputs
        save_weights(
            Network("cnn4", outputs=len(outputs)), place / "weights", preprocess=SMALL,
            training={"seed": "7"}, films={}, results={}, full_heat=0.1, recipe=f"r{len(outputs)}",
            classes=outputs, split=split,
            history=[{"loss": 1.0, "validation_loss": 0.9, "validation_accuracy": 0.5}],
        )  # fmt: skip
    yield place


def scored(place: Path, recipe: str, part: Split = Split.TEST) -> Scored:
    from covid_core.datasets.manifest import read_manifest

    return score_weights(
        place / "weights", recipe, read_manifest(place / "m.csv"), place / "cache", part=part,
        workers=1, device=torch.device("cpu"),
    )  # fmt: skip


def test_each_network_is_asked_what_it_was_trained_to_answer(place: Path) -> None:
    two, three = scored(place, "r2"), scored(place, "r3")
    assert (len(two.labels), len(three.labels)) == (8, 12)
    assert two.probabilities.shape == (8, 2)
    assert three.probabilities.sum(axis=1) == pytest.approx(np.ones(12))
    assert (two.results["films"], three.results["films"]) == (8, 12)


def test_another_split_is_noticed(place: Path) -> None:
    assert scored(place, "r2").same_split
    assert not scored(place, "r3").same_split


def test_a_part_without_films_is_said(place: Path) -> None:
    with pytest.raises(DatasetError, match="held out"):
        scored(place, "r2", Split.HELD_OUT)


def test_weights_are_found_or_missed(place: Path, tmp_path: Path) -> None:
    assert [recipe for _, recipe in find_weights([place / "weights"])] == ["r2", "r3"]
    with pytest.raises(WeightsError, match="no weights"):
        find_weights([tmp_path])


def test_command_prints_the_table_and_writes_the_plots(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = place / "out" / "report.html"
    arguments = ["evaluate", str(place / "m.csv"), "--weights", str(place / "weights")]
    assert main([*arguments, "--report", str(report), "--cache", str(place / "cache")]) == 0
    header, _, two, three = capsys.readouterr().out.strip().splitlines()
    assert header.count("|") == two.count("|") == three.count("|")
    assert "| r2 | covid against normal | 8 |" in two
    assert "seed 7" in two and "another split" not in two
    assert "| r3 | covid against the rest | 12 |" in three
    assert "another split" in three
    page = report.read_text(encoding="utf-8")
    titles = re.findall(r"<h3>(.*?)</h3>", page)
    assert titles == ["ROC", "Precision and recall", "Calibration", "Confusion", "Training"] * 2
    assert page.count('class="warning"') == 1


def test_wrong_use_is_a_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "nothing.csv")]) == 2
    assert "can't be read as a manifest" in capsys.readouterr().err


def test_fingerprint_is_of_who_is_where() -> None:
    table = pd.DataFrame({"sha256": ["a", "b", "c"], "split": ["train", "test", "unlabelled"]})
    assert fingerprint(table) == fingerprint(table[::-1])
    assert fingerprint(table) == fingerprint(table[:2])
    assert fingerprint(table) != fingerprint(table.assign(split=["test", "train", "unlabelled"]))
