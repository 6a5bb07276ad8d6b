"""Several weights on one manifest: the same films for all, and another split is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
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
from covid_core.evaluation.compare import Compared, compare, find_weights
from covid_core.findings import Finding
from covid_core.metrics import Estimate
from covid_core.model.card import read_card
from covid_core.model.networks import Network
from covid_core.model.results import (
    TEST,
    Baseline,
    ClassFigures,
    EpochFigures,
    Lead,
    Results,
    Summary,
)
from covid_core.model.tasks import TASKS
from covid_core.model_card.comparison import (
    HEADER,
    Entry,
    entries_of_cards,
    entry_of,
    entry_of_card,
    markdown,
    rows,
)
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.phantom import KINDS
from covid_core.training.variant_names import Variant
from covid_core.training.variants import recipe_in
from tests.films import clinic
from tests.measured import estimate
from tests.models import save_network

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
        save_network(
            network,
            place / "weights",
            preprocess=SMALL,
            training={"seed": "7"},
            full_heat=0.1,
            recipe=f"r{len(outputs)}",
            classes=outputs,
            split=split,
            history=(EpochFigures(loss=1.0, validation_loss=0.9, validation_accuracy=0.5),),
        )
    yield place


FIGURE = Estimate(0.25, 0.0, 0.5, 8)


@cache
def as_they_are(place: Path) -> list[Compared]:
    return compared(place, read_manifest(place / "m.csv"))


def compared(place: Path, table: pd.DataFrame) -> list[Compared]:
    return compare(
        find_weights([place / "weights"]),
        table,
        place / "cache",
        workers=1,
        device=torch.device("cpu"),
    )


def test_each_network_answers_what_it_was_trained_to_answer(place: Path) -> None:
    two, three = as_they_are(place)
    assert [len(one.parts[TEST].labels) for one in (two, three)] == [8, 12]
    assert two.parts[TEST].probabilities.shape == (8, 2)
    assert three.parts[TEST].probabilities.sum(axis=1) == pytest.approx(np.ones(12))
    assert two.parts[TEST].summary.films == 8
    assert two.parts[TEST].summary.commonest == 0.5


def test_another_split_is_noticed(place: Path) -> None:
    assert [one.same_split for one in as_they_are(place)] == [True, False]


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


def test_a_study_s_network_by_the_shipped_one_s_name_is_compared(place: Path) -> None:
    folder = place / "study"
    network = Network("densenet121", outputs=2)
    save_network(
        network,
        folder,
        preprocess=SMALL,
        training={},
        full_heat=0.1,
        classes=TASKS["covid or normal"].outputs,
    )
    table, device = read_manifest(place / "m.csv"), torch.device("cpu")
    [one] = compare(find_weights([folder]), table, place / "cache", workers=1, device=device)
    assert one.parts[TEST].probabilities.shape == (8, 2)


def test_maps_of_phantoms_show_heat_where_there_is_evidence(place: Path) -> None:
    for one in as_they_are(place):
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
    assert "| **r2** | ours | not recorded | clean test part; COVID-19 against normal | 8 |" in two
    assert "| 0.500 |" in two
    assert "seed 7" in two and "another split" not in two
    assert (
        "| **r3** | ours | not recorded | clean test part; COVID-19 against the rest | 12 |"
        in three
    )
    assert "another split" in three
    page = report.read_text(encoding="utf-8")
    titles = re.findall(r"<h3>(.*?)</h3>", page)
    own = ["ROC", "Precision and recall", "Calibration", "Confusion", "Training"]
    assert titles == [
        "ROC, test part",
        *own,
        "Class activation, COVID-19 against normal",
        *own,
        "Class activation, COVID-19 against the rest",
    ]
    assert page.count('<img src="data:image/png;base64') == 2 * len(KINDS)
    assert page.count('class="warning"') == 1


def test_the_study_s_figure_stands_above_its_recipe_corrected_and_ours(place: Path) -> None:
    _, three = as_they_are(place)
    summary = three.parts[TEST].summary
    lead = Lead(paired=True, accuracy=FIGURE)
    baselines = {TEST: {"header": Baseline(accuracy=estimate(0.875), lead=lead)}}
    results = Results(test=summary, held_out={"b": summary}, shared=0.25, baselines=baselines)
    card = three.card.replace(recipe="densenet121", architecture="densenet121", results=results)
    variants = {
        "as-published": card,
        "corrected": card.replace(results=results.replace(shared=0.0)),
    }
    entry = entry_of_card(card, variants)
    table = shown(entry)
    assert [bool(row["Recipe"]) for row in table] == [True] + [False] * 7
    assert [row["Variant"] for row in table] == [
        *["the study's figure"] * 2,
        *["as-published"] * 2,
        *["corrected"] * 2,
        *["ours"] * 2,
    ]
    assert [row["Accuracy"] for row in table[:2]] == ["0.992", "0.545"]
    assert [row["Cohen's kappa"] for row in table[:2]] == ["0.984", ""]
    assert {row["Cohen's kappa"] for row in table[2:]} == {f"{summary.kappa:.3f}"}
    assert "127 of 128" in table[0]["Films"] and "25% of its test films" in table[2]["Films"]
    assert "a second source, `b`" in table[3]["Films"] and "one locked" in table[4]["Films"]
    assert table[6]["Films"].startswith("clean test part")
    assert {row["Best baseline"] for row in (table[2], table[4], table[6])} == {
        "0.875, the file's header"
    }
    assert {row["Always the commonest"] for row in table[2:]} == {f"{summary.commonest:.3f}"}
    assert markdown([entry]).count("\n") == 9


def shown(entry: Entry) -> list[dict[str, str]]:
    return [dict(zip(HEADER, row, strict=True)) for row in rows([entry])]


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("random", "random weights"),
        ("imagenet", "ImageNet's weights"),
        ("weights/densenet121.safetensors", "the shipped weights, an earlier version"),
        ("/home/somebody/stand-in/w.safetensors", "`stand-in`"),
        ("w.pth", "`w.pth`"),
    ],
)
def test_each_line_says_what_its_training_started_from(
    place: Path, init: str, expected: str
) -> None:
    card = read_card(place / "weights", "r2").replace(recipe="cnn-narrow", training={"init": init})
    study, published, ours = shown(entry_of_card(card, {"as-published": card}))
    assert study["Start"] == "random weights"
    assert published["Start"] == ours["Start"] == expected


def test_a_line_says_where_its_network_is_not_the_recipe_s(place: Path) -> None:
    own = read_card(place / "weights", "r2").replace(recipe="cnn-narrow")
    same = own.replace(
        architecture="cnn4_narrow", head=recipe_in(Variant.AS_PUBLISHED, "cnn-narrow").head_plan
    )
    backbone = ", with EfficientNet-Lite0 for narrow four-layer CNN"
    for card, words in (
        (same, ""),
        (same.replace(architecture="efficientnet_lite0"), backbone),
        (same.replace(head=own.head_plan), ", with another head than the recipe now has"),
    ):
        line = shown(entry_of_card(card, {"as-published": card}))[1]["Variant"]
        assert line == f"as-published{words}"


def test_a_recipe_trained_as_its_study_did_alone_has_lines_too(place: Path) -> None:
    two, three = read_card(place / "weights", "r2"), read_card(place / "weights", "r3")
    study = two.replace(recipe="cnn-narrow")
    variants = {"cnn-narrow": {"as-published": study, "corrected": study}}
    with_ours, alone = entries_of_cards([three], variants)
    assert with_ours.card == three and with_ours.parts
    assert [row["Variant"].split(",")[0] for row in shown(alone)] == [
        "the study's figure",
        "as-published",
        "corrected",
    ]
    assert shown(alone)[0]["Recipe"] == "**cnn-narrow**"
    (whole,) = entries_of_cards([study], variants)
    assert whole.parts, "a card of ours stands for its recipe"


def test_an_earlier_stage_has_lines_of_its_own(place: Path) -> None:
    card = read_card(place / "weights", "r2")
    names = ("sensitivity", "specificity", "precision", "f1", "auroc")
    figures = ClassFigures(**dict.fromkeys(names, FIGURE))
    summary = Summary(
        films=8, confusion=((2, 2), (1, 3)), accuracy=FIGURE, classes={Finding.PNEUMONIA: figures}
    )
    stages = {"pneumonia or normal": {TEST: summary, "chest_xray": summary}}
    card = card.replace(recipe="efficientnet-two-stage", results=Results(stages=stages))
    reported, _, *table = shown(entry_of_card(card, {"as-published": card}))
    assert reported["Accuracy"] == "0.853" and "first stage" in reported["Films"]
    assert [row["Films"] for row in table if "stage" in row["Films"]] == [
        "stage 1; its test part; other pneumonia against normal",
        "stage 1; `chest_xray`, held out; other pneumonia against normal",
    ] * 2
    assert {row["AUROC"] for row in table if "stage" in row["Films"]} == {str(FIGURE)}


def test_a_recall_of_the_wrong_class_is_reported(place: Path) -> None:
    card = read_card(place / "weights", "r2")
    names = ("sensitivity", "specificity", "precision", "f1", "auroc")
    figures = ClassFigures(**dict.fromkeys(names, FIGURE))
    test = Summary(films=8, accuracy=FIGURE, commonest=0.5, classes={Finding.NORMAL: figures})
    results = Results(test=test, shared=0.5)
    card = card.replace(recipe="efficientnet-two-stage", results=results)
    described = shown(entry_of_card(card, {"as-published": card}))[2]["Films"]
    assert "counted normal as positive: recall 0.250" in described


def test_the_table_of_documents_is_made_of_cards(place: Path) -> None:
    three = as_they_are(place)[1]
    part = three.parts[TEST]
    results = Results(test=part.summary, baselines={TEST: dict(part.baselines)})
    row = rows([entry_of_card(three.card.replace(results=results))])[0]
    assert row[2:-1] == rows([entry_of(three, {})])[0][2:-1]


def test_wrong_use_is_a_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "nothing.csv")]) == 2
    assert "can't be read as a manifest" in capsys.readouterr().err


def test_fingerprint_is_of_who_is_where() -> None:
    table = pd.DataFrame({"sha256": ["a", "b", "c"], "split": ["train", "test", "unlabelled"]})
    assert fingerprint(table) == fingerprint(table[::-1])
    assert fingerprint(table) == fingerprint(table[:2])
    assert fingerprint(table) != fingerprint(table.assign(split=["test", "train", "unlabelled"]))
