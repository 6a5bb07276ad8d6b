"""Several weights on one manifest: the same films for all, and another split is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from covid_core.__main__ import main
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import read_manifest, write_manifest
from covid_core.datasets.split import Split, fingerprint
from covid_core.errors import DatasetError, WeightsError
from covid_core.evaluation.compare import TEST, Compared, compare, find_weights
from covid_core.evaluation.comparison import (
    HEADER,
    entry_of,
    entry_of_card,
    markdown,
    rows,
    write_recipes,
)
from covid_core.network_files import save_weights
from covid_core.networks import Network
from covid_core.phantom import KINDS
from covid_core.preprocess import Preprocess
from covid_core.tasks import TASKS
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
        network = Network("cnn4", outputs=len(outputs))
        network.head.linear.weight.data[-1].abs_()  # evidence for the last answer in every film
        save_weights(
            network, place / "weights", preprocess=SMALL,
            training={"seed": "7"}, films={}, results={}, full_heat=0.1, recipe=f"r{len(outputs)}",
            classes=outputs, split=split,
            history=[{"loss": 1.0, "validation_loss": 0.9, "validation_accuracy": 0.5}],
        )  # fmt: skip
    yield place


def compared(place: Path, table: pd.DataFrame | None = None) -> list[Compared]:
    table = read_manifest(place / "m.csv") if table is None else table
    return compare(
        find_weights([place / "weights"]), table, place / "cache", workers=1,
        device=torch.device("cpu"),
    )  # fmt: skip


def test_each_network_is_asked_what_it_was_trained_to_answer(place: Path) -> None:
    two, three = compared(place)
    assert [len(one.parts[TEST].labels) for one in (two, three)] == [8, 12]
    assert two.parts[TEST].probabilities.shape == (8, 2)
    assert three.parts[TEST].probabilities.sum(axis=1) == pytest.approx(np.ones(12))
    assert two.parts[TEST].summary["films"] == 8
    assert two.parts[TEST].summary["commonest"] == 0.5


def test_another_split_is_noticed(place: Path) -> None:
    assert [one.same_split for one in compared(place)] == [True, False]


def test_sources_held_out_are_parts_of_their_own(place: Path) -> None:
    table = read_manifest(place / "m.csv")
    away = (table["split"] == Split.TRAIN.value) & (table.index < 60)
    table.loc[away, ["split", "source"]] = [Split.HELD_OUT.value, "away"]
    one = compared(place, table)[1]
    assert list(one.parts) == [TEST, "away"]
    assert len(one.parts["away"].labels) == away.sum()


def test_a_manifest_without_a_test_part_is_said(place: Path) -> None:
    table = read_manifest(place / "m.csv").assign(split=Split.TRAIN.value)
    with pytest.raises(DatasetError, match="test part"):
        compared(place, table)


def test_maps_of_phantoms_show_heat_where_there_is_evidence(place: Path) -> None:
    for one in compared(place):
        assert list(one.maps) == list(KINDS)
        for drawn in one.maps.values():
            colour = np.ptp(drawn.astype(int), axis=2)
            assert (colour > 30).mean() > 0.1
            assert colour.std() > 5, "no evidence more here than there"


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
    assert "| **r2**, COVID-19 against normal | clean test part | 8 |" in two
    assert "| 0.500 |" in two
    assert "seed 7" in two and "another split" not in two
    assert "| **r3**, COVID-19 against the rest | clean test part | 12 |" in three
    assert "another split" in three
    page = report.read_text(encoding="utf-8")
    titles = re.findall(r"<h3>(.*?)</h3>", page)
    own = ["ROC", "Precision and recall", "Calibration", "Confusion", "Training"]
    assert titles == [
        "ROC, test part",
        *own, "Class activation, COVID-19 against normal",
        *own, "Class activation, COVID-19 against the rest",
    ]  # fmt: skip
    assert page.count('<img src="data:image/png;base64') == 2 * len(KINDS)
    assert page.count('class="warning"') == 1


def test_the_inflated_figure_stands_above_the_honest_one(place: Path) -> None:
    _, three = compared(place)
    summary = three.parts[TEST].summary
    card = replace(three.card, recipe="resnet18-three-class")
    leaky = replace(card, results={"test": summary, "held_out": {"b": summary}, "shared": 0.25})
    entry = entry_of(replace(three, card=card), {"resnet18-three-class": leaky})
    table = rows([entry])
    assert [len(row) for row in table] == [len(HEADER)] * 3
    assert table[0][0] and not table[1][0] and not table[2][0]
    assert "reports 0.989" in table[0][1] and "25% of its test films" in table[0][1]
    assert "second source, `b`" in table[1][1]
    assert table[2][1] == "clean test part"
    assert markdown([entry]).count("\n") == 4


def test_the_readme_s_table_is_made_of_cards(place: Path, tmp_path: Path) -> None:
    three = compared(place)[1]
    results = {"test": three.parts[TEST].summary, "held_out": {}}
    card = replace(three.card, results=results)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- recipes -->\nold\n<!-- /recipes -->\nafter\n")
    write_recipes([entry_of_card(card)], readme)
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert rows([entry_of_card(card)])[0][2:] == rows([entry_of(three, {})])[0][2:-1] + [
        rows([entry_of_card(card)])[0][-1]
    ]


def test_wrong_use_is_a_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "nothing.csv")]) == 2
    assert "can't be read as a manifest" in capsys.readouterr().err


def test_fingerprint_is_of_who_is_where() -> None:
    table = pd.DataFrame({"sha256": ["a", "b", "c"], "split": ["train", "test", "unlabelled"]})
    assert fingerprint(table) == fingerprint(table[::-1])
    assert fingerprint(table) == fingerprint(table[:2])
    assert fingerprint(table) != fingerprint(table.assign(split=["test", "train", "unlabelled"]))
