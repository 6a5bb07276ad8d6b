"""A folder of films with a reader's opinions: labels and boxes by the films' digests."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from covid_core.datasets.case import Case, LeftOut
from covid_core.datasets.layouts import read_cases
from covid_core.datasets.layouts.reader_opinions import NO_OPINION
from covid_core.errors import DatasetError
from covid_core.exports.opinions import opinion_of, opinions_json
from covid_core.findings import Finding
from covid_core.model.tiers import Tier
from tests.exports.results import COVID, made
from tests.films import encode, grey_film

LABELS = {"a/one.png": "covid", "two.png": "normal", "three.png": ""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["film_sha256,verdict,label,boxes"]
    for number, (name, label) in enumerate(LABELS.items()):
        data = encode(grey_film(seed=number), "PNG")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
        boxes = '"[[0.1, 0.2, 0.3, 0.4]]"' if label == "covid" else ""
        rows.append(f"{hashlib.sha256(data).hexdigest()},agree,{label},{boxes}")
    (tmp_path / "unjudged.png").write_bytes(encode(grey_film(seed=9), "PNG"))
    (tmp_path / "opinions.csv").write_text("\n".join(rows))
    return tmp_path


def test_films_are_labelled_by_the_opinions_on_them(folder: Path) -> None:
    found = read_cases([folder])
    one, two = found.cases
    assert one == Case(
        folder / "a/one.png",
        Finding.COVID,
        folder.name,
        "a",
        "a reader's opinion",
        boxes=((0.1, 0.2, 0.3, 0.4),),
    )
    assert (two.label, two.patient, two.boxes) == (Finding.NORMAL, None, None)


def test_films_without_an_opinion_that_names_a_class_are_left_out(folder: Path) -> None:
    names = ("three.png", "unjudged.png")
    left = [LeftOut(folder / name, folder.name, NO_OPINION) for name in names]
    assert sorted(read_cases([folder]).left_out, key=lambda one: one.path) == left


def test_the_json_file_labels_them_as_well(folder: Path) -> None:
    sha256 = hashlib.sha256((folder / "two.png").read_bytes()).hexdigest()
    opinion = opinion_of(made(COVID).prediction, Tier.LIKELY, "2026-11-29T17:00:00+00:00")
    stored = opinions_json([opinion.replace(film_sha256=sha256)])
    (folder / "opinions.json").write_bytes(stored)
    with pytest.raises(DatasetError, match=r"opinions\.csv and in opinions\.json"):
        read_cases([folder])
    (folder / "opinions.csv").unlink()
    [two] = read_cases([folder]).cases
    assert (two.path.name, two.label) == ("two.png", Finding.COVID)


def test_a_table_that_is_wrong_is_an_error(folder: Path) -> None:
    (folder / "opinions.csv").write_text("film_sha256,label\nab,tumour\n")
    with pytest.raises(DatasetError, match="tumour"):
        read_cases([folder])
