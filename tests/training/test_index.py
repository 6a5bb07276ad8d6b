"""The index of films that made a network: which are in it, and what it states of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from covid_core.__main__ import main
from covid_core.commands.status import DONE, WRONG_USE
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import write_manifest
from covid_core.datasets.split import Split, fingerprint
from covid_core.errors import DatasetError
from covid_core.explain.known_films import KnownFilms, own_copy
from covid_core.explain.known_index import FOLDER
from covid_core.findings import CLASSES
from covid_core.model.card import read_card, save_card
from covid_core.model.decision import Rules
from covid_core.model.tasks import TASKS
from covid_core.predict.predictor import Predictor
from covid_core.read.reading import read_file
from covid_core.training.index import (
    age_group,
    film_references,
    index_films,
    principal_components,
    quantise_rows,
    select_known_films,
)
from tests.explain.test_perceptual_hash import textured
from tests.films import encode
from tests.models import random_weights

FILMS = 30


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic of 30 films, and a copy of each."""
    place = tmp_path_factory.mktemp("place")
    for i in range(FILMS):
        path = place / "clinic" / CLASSES[i % 3] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(textured(i, 150), "PNG"))
        path.with_stem(f"{i} again").write_bytes(encode(textured(i, 150), "TIFF"))
    return place


@pytest.fixture(scope="module")
def table(place: Path) -> pd.DataFrame:
    return compile_manifest([place / "clinic"], place / "cache", workers=1).table


@pytest.fixture(scope="module")
def weights(place: Path, table: pd.DataFrame) -> Path:
    """Random weights that were trained, as their card says, by this manifest; and their index."""
    folder = random_weights(place / "weights")
    save_card(read_card(folder).replace(split=fingerprint(table)), folder)
    write_manifest(table, place / "films.parquet")
    options = ["--weights", str(folder), "--cache", str(place / "cache")]
    assert main(["index", str(place / "films.parquet"), *options]) == DONE
    return folder


@pytest.fixture(scope="module")
def known(weights: Path) -> KnownFilms:
    found = KnownFilms.load(weights, read_card(weights))
    assert found is not None
    return found


def test_all_that_trained_or_chose_is_in_it_and_copies_of_these(
    known: KnownFilms, table: pd.DataFrame
) -> None:
    films = [known.film(row) for row in range(len(known))]
    tested = table.loc[table["split"] == Split.TEST, "duplicate_group"]
    assert len(tested) and (table["split"] == Split.TWIN).sum() == FILMS
    wanted = table[~table["duplicate_group"].isin(tested)]
    assert {film.sha256 for film in films} == set(wanted["sha256"])
    assert len(films) == len(wanted) == 2 * (FILMS - len(tested))
    order = [Split.TRAIN, Split.VALIDATION, Split.TWIN]
    splits = [order.index(Split(film.split)) for film in films]
    assert splits == sorted(splits) and set(splits) == {0, 1, 2}
    assert known.manifest == fingerprint(table)


def test_films_that_trained_are_seen_and_those_that_test_are_not(
    known: KnownFilms, table: pd.DataFrame
) -> None:
    tested = set(table.loc[table["split"] == Split.TEST, "duplicate_group"])
    for path, group in zip(table["path"], table["duplicate_group"], strict=True):
        seen = known.seen(read_file(Path(path)))
        if group in tested:
            assert seen is None
        else:
            assert seen is not None and seen.exact


def test_its_features_are_those_of_a_prediction(
    known: KnownFilms, weights: Path, table: pd.DataFrame
) -> None:
    """Of a copy that the index does not know by its bytes, its own picture is the nearest film."""
    predictor = Predictor.load(weights, gated=False)
    row = table[table["split"] == Split.TRAIN].iloc[4]
    film = read_file(Path(row["path"]))
    prediction = predictor.predict(film)
    unknown = known.nearest(replace(prediction, radiograph_sha256="0" * 64))
    label = CLASSES[[c.value for c in CLASSES].index(row["label"])]
    nearest = unknown[label][0]
    assert (nearest.film.sha256, nearest.similarity) == (row["sha256"], pytest.approx(1, abs=0.02))
    own = known.nearest(prediction, seen=known.seen(film))[label]
    assert row["sha256"] not in {one.film.sha256 for one in own}


def test_a_reference_leads_back_to_the_film(known: KnownFilms, place: Path) -> None:
    film = known.film(0)
    assert film.reference.startswith("clinic/") and str(place) not in film.reference
    assert own_copy(film, [place]) == (place / film.reference).read_bytes()
    assert own_copy(film, [place / "clinic"]) == (place / film.reference).read_bytes()


def test_no_pixel_is_in_it_and_it_is_small(weights: Path, known: KnownFilms) -> None:
    size = sum(path.stat().st_size for path in (weights / FOLDER).iterdir())
    per_film = 32 + 32 + 4 + 5 + 64 + 64  # hash, SHA-256, group, codes, features, a name
    assert size < 1024 * 64 * 2 + 1024 * 4 + 4096 + len(known) * per_film


def test_another_manifest_is_refused(
    weights: Path, place: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    other = table.assign(split=table["split"].replace({"test": "validation"}))
    write_manifest(other, place / "other.csv")
    before = (weights / FOLDER / "densenet121.safetensors").read_bytes()
    assert main(["index", str(place / "other.csv"), "--weights", str(weights)]) == WRONG_USE
    assert "trained on" in capsys.readouterr().err
    assert (weights / FOLDER / "densenet121.safetensors").read_bytes() == before


def test_a_film_that_changed_since_is_named(
    weights: Path, place: Path, table: pd.DataFrame
) -> None:
    films = table.copy()
    moved = place / "changed.png"
    moved.write_bytes(encode(textured(77, 150), "PNG"))
    films.loc[films["split"] == Split.TRAIN, "path"] = str(moved)
    with pytest.raises(DatasetError, match="changed since") as refused:
        index_films(weights, read_card(weights), films, place / "cache", workers=1)
    assert str(moved) in str(refused.value)


def test_classes_that_a_network_does_not_answer_are_left_out(
    weights: Path, table: pd.DataFrame
) -> None:
    two = read_card(weights).replace(classes=TASKS["covid or normal"].outputs, rules=Rules.plain(2))
    assert set(select_known_films(table, two)["label"]) == {"covid", "normal"}


@pytest.mark.parametrize(
    ("age", "source", "expected"),
    [
        (0.03, "covid-cxnet", "child"),
        (17.9, "covid-cxnet", "child"),
        (18.0, "covid-cxnet", "18 to 39"),
        (59.9, "covid-cxnet", "40 to 59"),
        (60.0, "covid-cxnet", "60 and over"),
        (120.0, "covid-cxnet", "60 and over"),
        (np.nan, "chest_xray", "child"),
        (np.nan, "nih", "18 and over"),
        (np.nan, "radiography", ""),
        (np.nan, "clinic", ""),
    ],
)
def test_an_age_group_is_the_films_or_its_sources(age: float, source: str, expected: str) -> None:
    assert age_group(age, source) == expected


def test_references_start_at_the_dataset(tmp_path: Path) -> None:
    """By its own name, or by what its layout recognises, or by what its films share."""
    set_ = tmp_path / "Chest X-rays (NIH)"
    for folder in ("No_findings", "Pneumonia"):
        (set_ / folder).mkdir(parents=True)
        (set_ / folder / "00001281_000.jpg").touch()
    paths = [
        set_ / "No_findings" / "00001281_000.jpg",
        tmp_path / "covid-cxnet" / "covid19" / "1.jpg",
        tmp_path / "x" / "ward" / "a" / "1.png",
        tmp_path / "x" / "ward" / "b" / "1.png",
    ]
    sources = ["nih", "covid-cxnet", "elsewhere", "elsewhere"]
    table = pd.DataFrame({"path": [str(path) for path in paths], "source": sources})
    assert film_references(table) == [
        "nih/No_findings/00001281_000.jpg",
        "covid-cxnet/covid19/1.jpg",
        "elsewhere/a/1.png",
        "elsewhere/b/1.png",
    ]


def test_components_keep_what_differs() -> None:
    drawing = np.random.default_rng(0)
    features = drawing.normal(size=(50, 3)) @ drawing.normal(size=(3, 200)) + 5
    mean, projection = principal_components(features.astype(np.float32))
    assert projection.shape == (200, 64)
    kept = (features - mean) @ projection.astype(np.float64)
    assert np.linalg.norm(kept, axis=1) == pytest.approx(
        np.linalg.norm(features - mean, axis=1), rel=0.01
    )
    assert kept[:, 3:] == pytest.approx(0, abs=0.5)


def test_rows_in_bytes_keep_their_direction() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 64)) * np.arange(1, 21)[:, np.newaxis]
    stored = quantise_rows(rows).astype(float)
    cosine = (rows * stored).sum(axis=1) / (
        np.linalg.norm(rows, axis=1) * np.linalg.norm(stored, axis=1)
    )
    assert cosine.min() > 0.999
    assert quantise_rows(np.zeros((1, 4))).tolist() == [[0, 0, 0, 0]]
