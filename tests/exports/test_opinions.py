"""A reader's opinions: what each says, and that the files say the same when they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from covid_core.errors import DatasetError
from covid_core.exports.opinions import (
    COLUMNS,
    Opinion,
    ReaderLabel,
    Verdict,
    is_json,
    json_as_csv,
    opinion_of,
    opinions_csv,
    opinions_json,
    read_opinions,
)
from covid_core.findings import Finding
from covid_core.model.tiers import Tier
from covid_core.storage.tables import UTF8_MARK
from tests.exports.results import COVID, made

PREDICTION = made(COVID).prediction
GIVEN = "2026-11-29T17:00:00+00:00"
BOX = (0.1, 0.2, 0.4, 0.6)


def opinion(tier: Tier | None, *boxes: tuple[float, float, float, float]) -> Opinion:
    return opinion_of(PREDICTION, tier, GIVEN, boxes or None)


def test_an_opinion_agrees_disagrees_or_corrects() -> None:
    tier = PREDICTION.decision.tier
    assert tier is Tier.LIKELY
    assert opinion(tier).verdict is Verdict.AGREE
    assert opinion(None).verdict is Verdict.DISAGREE
    assert opinion(Tier.NONE_SEEN).verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    ("tier", "label"),
    [
        (Tier.LIKELY, Finding.COVID),
        (Tier.UNLIKELY, Finding.PNEUMONIA),
        (Tier.NONE_SEEN, Finding.NORMAL),
        (Tier.POSSIBLE, None),  # two classes are right by it
        (Tier.UNDECIDED, None),
        (None, None),
    ],
)
def test_only_a_tier_of_one_class_is_a_label(tier: Tier | None, label: Finding | None) -> None:
    assert opinion(tier).label is label


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "opinions.csv"
    path.write_bytes(opinions_csv([opinion(Tier.UNLIKELY, BOX)]))
    known = {PREDICTION.radiograph_sha256: ReaderLabel(Finding.PNEUMONIA, (BOX,))}
    assert read_opinions(path) == known
    header = path.read_text(encoding="utf-8-sig").splitlines()[0]
    assert header.replace('"', "") == ",".join(COLUMNS)
    path.write_bytes(opinions_csv([opinion(None)]))
    assert read_opinions(path) == {PREDICTION.radiograph_sha256: ReaderLabel(None, None)}


def test_the_json_file_is_read_as_the_table_is(tmp_path: Path) -> None:
    opinions = [opinion(Tier.UNLIKELY, BOX), opinion(None), opinion(Tier.LIKELY)]
    for count in range(len(opinions) + 1):
        stored = opinions_json(opinions[:count])
        assert json_as_csv(stored, tmp_path) == opinions_csv(opinions[:count])
    marked = UTF8_MARK + opinions_json(opinions)
    assert is_json(marked) and json_as_csv(marked, tmp_path) == opinions_csv(opinions)
    path = tmp_path / "opinions.json"
    path.write_bytes(opinions_json(opinions))
    assert read_opinions(path) == {PREDICTION.radiograph_sha256: ReaderLabel(Finding.COVID, None)}


def test_a_json_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    [row] = json.loads(opinions_json([opinion(Tier.NONE_SEEN)]))
    wrong = {
        "no list of opinions": "[1]",
        "opinion 1 has the label 'covid', and a tier with the label 'normal'": [
            row | {"label": "covid"}
        ],
        "0.verdict is 'maybe'": [row | {"verdict": "maybe"}],
        "0.boxes": [row | {"boxes": [[1, 2]]}],
    }
    path = tmp_path / "opinions.json"
    for problem, stored in wrong.items():
        path.write_text(stored if isinstance(stored, str) else json.dumps(stored))
        with pytest.raises(DatasetError) as caught:
            read_opinions(path)
        assert problem in str(caught.value) and caught.value.file == str(path)


def test_the_json_file_holds_the_records_and_their_labels() -> None:
    [row] = json.loads(opinions_json([opinion(Tier.NONE_SEEN)]))
    assert row.pop("label") == "normal"
    assert row["verdict"] == "correct" and row["reader_tier"] == "no pneumonia seen"
    assert row["probabilities"]["covid"] == pytest.approx(COVID[2])


def test_no_name_of_a_file_or_patient_is_in_them() -> None:
    assert not {"file", "name", "patient"} & set(COLUMNS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tier,label\nx,covid\n", "no column film_sha256"),
        ("film_sha256,label\nab,tumour\n", "row 2 has a label that names no known class: 'tumour'"),
        ("film_sha256,label,boxes\nab,covid,[[1]]\n", "row 2: boxes are lists"),
        ("film_sha256,label\nab\n", "cells"),
        ("", "can't be read"),
    ],
)
def test_a_table_that_is_wrong_says_where(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "opinions.csv"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        read_opinions(path)
    assert problem in str(caught.value) and caught.value.file == str(path)
