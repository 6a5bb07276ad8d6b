"""Seen before, and the nearest training films: of an index drawn up by hand."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from covid_core.datasets.layouts import read_cases
from covid_core.datasets.split import Split
from covid_core.errors import WeightsError
from covid_core.explain.known_films import (
    TRAIN,
    TWIN,
    VALIDATION,
    KnownFilm,
    KnownFilms,
    Seen,
    own_copy,
)
from covid_core.explain.known_index import (
    COLUMNS,
    FOLDER,
    FilmArrays,
    IndexCard,
    joined,
    write_index,
)
from covid_core.explain.perceptual_hash import PICTURE, SAME_PICTURE, hashes_of
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import WEIGHTS, WeightsCard, read_card
from covid_core.model.decision import Rules, decide
from covid_core.predict.prediction import Prediction
from covid_core.prepare.preprocess import Preprocess
from covid_core.read.reading import read_radiograph
from tests.explain.test_perceptual_hash import textured
from tests.films import encode

WORDS = {
    "source": ["clinic", "nih"],
    "finding": ["covid", "normal", "pneumonia"],
    "view": ["", "PA"],
    "age_group": ["", "child"],
    "split": [TRAIN, TWIN, VALIDATION],
}
WEIGHTS_SHA256 = "a" * 64
TRAINED, CHANNELS = 12, 4
# Of 12 films that trained, one that chose, one twin: in turn covid, normal, pneumonia; the first
# two of each class belong to one patient, and the twin is a copy of film 3's picture.
GROUPS = [0, 1, 2, 0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 0]
FILES = [encode(textured(seed), "PNG") for seed in range(TRAINED + 1)]
FILES.append(encode(textured(3), "JPEG", quality=80))
FEATURES = np.random.default_rng(0).normal(size=(TRAINED, CHANNELS))


def card(**changes: Any) -> WeightsCard:
    made = WeightsCard(
        architecture="densenet121",
        classes=CLASSES,
        preprocess=Preprocess(),
        sha256=WEIGHTS_SHA256,
        created="2026-01-01",
        full_heat=0.1,
        split="b" * 64,
    )
    return made.replace(**changes)


def arrays() -> FilmArrays:
    pictures = np.stack([PICTURE.picture(read_radiograph(file)) for file in FILES])
    rows = len(FILES)
    codes = np.zeros((rows, len(COLUMNS)), np.uint8)
    codes[:, 1] = [row % 3 for row in range(rows - 1)] + [0]
    codes[1:, 2:4] = 1
    codes[:, 4] = [0] * TRAINED + [2, 1]
    largest = np.abs(FEATURES).max(axis=1, keepdims=True)
    return FilmArrays(
        references=joined([f"clinic/films/{row}.png" for row in range(rows)]),
        sha256=np.array([list(hashlib.sha256(file).digest()) for file in FILES], np.uint8),
        hashes=hashes_of(pictures),
        groups=np.array(GROUPS, np.int32),
        codes=codes,
        features=np.rint(FEATURES / largest * 127).astype(np.int8),
        projection=np.eye(CHANNELS, dtype=np.float16),
        mean=np.full(CHANNELS, 0.5, np.float32),
    )


def write(folder: Path, films: FilmArrays, **changes: Any) -> IndexCard:
    usual = {"weights": WEIGHTS_SHA256, "manifest": "b" * 64, "words": WORDS, "counts": {TRAIN: 12}}
    return write_index(folder, "densenet121", films, **{**usual, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("weights")
    write(made, arrays())
    return made


@pytest.fixture(scope="module")
def known(folder: Path) -> KnownFilms:
    found = KnownFilms.load(folder, card())
    assert found is not None
    return found


def prediction(features: np.ndarray, sha256: str = "c" * 64) -> Prediction:
    feature_map = np.tile((features + 0.5)[:, np.newaxis, np.newaxis], (1, 7, 7))
    rules, probabilities = Rules.plain(3), np.array([0.2, 0.3, 0.5])
    return Prediction(
        np.zeros((224, 224), np.uint8),
        CLASSES,
        probabilities,
        np.log(probabilities),
        feature_map.astype(np.float32),
        (0, 0, 224, 224),
        decide(probabilities, rules, CLASSES, "balanced"),
        sha256,
        WEIGHTS_SHA256,
        "a model",
        (),
    )


def test_its_splits_are_the_manifests() -> None:
    assert (TRAIN, VALIDATION, TWIN) == (Split.TRAIN, Split.VALIDATION, Split.TWIN)


def test_every_known_file_is_seen_to_the_byte(known: KnownFilms) -> None:
    for row, file in enumerate(FILES):
        seen = known.seen(read_radiograph(file))
        assert seen is not None and seen.exact and seen.distance == 0
        assert seen.film == known.film(row)


def test_a_film_is_described_as_its_manifest_has_it(known: KnownFilms) -> None:
    sha256 = hashlib.sha256(FILES[1]).hexdigest()
    film = KnownFilm("clinic/films/1.png", "clinic", Finding.NORMAL, "PA", "child", TRAIN, sha256)
    assert known.film(1) == film
    assert known.film(0).view == known.film(0).age_group == ""
    assert (known.manifest, len(known)) == ("b" * 64, TRAINED + 2)


def test_a_copy_is_seen_by_its_looks(known: KnownFilms) -> None:
    seen = known.seen(read_radiograph(encode(textured(5), "WEBP", quality=60)))
    assert seen is not None and not seen.exact
    assert seen.film == known.film(5) and 0 <= seen.distance <= SAME_PICTURE
    assert f"{seen.distance} of 256 bits" in seen.sentence


def test_a_stranger_is_not_seen(known: KnownFilms) -> None:
    assert known.seen(read_radiograph(encode(textured(99), "PNG"))) is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (0, "this very file trained this model (clinic, "),
        (12, "this very file helped to choose and calibrate this model"),
        (13, "this very file is a copy of one that trained or calibrated this model"),
    ],
)
def test_what_is_seen_is_called_memory(known: KnownFilms, row: int, words: str) -> None:
    sentence = Seen(known.film(row), 0, True).sentence
    assert words in sentence and sentence.endswith("The answer may be memory.")
    assert "films/" not in sentence, "a site's own file may be named after a patient"
    public = replace(known.film(row), source="nih")
    assert f"({public.reference})" in Seen(public, 0, True).sentence


def test_the_nearest_of_each_class_come_first(known: KnownFilms) -> None:
    found = known.nearest(prediction(FEATURES[6] + 0.01))
    assert list(found) == list(CLASSES)
    assert found[Finding.COVID][0].film == known.film(6)
    assert found[Finding.COVID][0].similarity == pytest.approx(1, abs=0.001)
    for finding, several in found.items():
        assert len(several) == 3 and {one.film.finding for one in several} == {finding}
        falling = [one.similarity for one in several]
        assert falling == sorted(falling, reverse=True)
        assert {one.film.split for one in several} == {TRAIN}


def test_similarity_is_the_cosine_of_the_features(known: KnownFilms) -> None:
    of = np.array([0.3, -0.2, 0.9, 0.1])
    lengths = np.linalg.norm(FEATURES, axis=1) * np.linalg.norm(of)
    expected = dict(enumerate(FEATURES @ of / lengths))
    for several in known.nearest(prediction(of), 4).values():
        for one in several:
            row = int(one.film.reference.split("/")[-1].removesuffix(".png"))
            assert one.similarity == pytest.approx(expected[row], abs=0.01)


def test_never_two_of_one_patient_or_picture(known: KnownFilms) -> None:
    for features in np.random.default_rng(1).normal(size=(50, CHANNELS)):
        for several in known.nearest(prediction(features), 4).values():
            rows = [int(one.film.reference.split("/")[-1].removesuffix(".png")) for one in several]
            groups = [GROUPS[row] for row in rows]
            assert len(set(groups)) == len(groups) == 3


def test_a_known_film_is_no_evidence_for_itself(known: KnownFilms) -> None:
    """Nor is another film of its patient, nor where only its looks gave it away."""
    own = known.film(0)
    near = prediction(FEATURES[0])
    assert known.nearest(near)[Finding.COVID][0].film == own
    by_file = known.nearest(prediction(FEATURES[0], own.sha256))
    by_looks = known.nearest(near, seen=Seen(own, 7, False))
    assert by_file == by_looks
    others = [one.film for one in by_file[Finding.COVID]]
    assert own not in others and known.film(3) not in others


def test_a_class_of_few_patients_gives_what_it_has(known: KnownFilms) -> None:
    assert [len(several) for several in known.nearest(prediction(FEATURES[0]), 9).values()] == [
        3
    ] * 3
    assert all(not several for several in known.nearest(prediction(FEATURES[0]), 0).values())


def test_other_weights_predictions_are_refused(known: KnownFilms) -> None:
    with pytest.raises(WeightsError, match="made by other weights"):
        known.nearest(replace(prediction(FEATURES[0]), weights_sha256="d" * 64))


def test_there_is_none_without_a_file_or_of_other_weights(folder: Path, tmp_path: Path) -> None:
    assert KnownFilms.load(tmp_path, card()) is None
    assert KnownFilms.load(folder, card(recipe="another")) is None
    assert KnownFilms.load(folder, card(sha256="e" * 64)) is None


@pytest.mark.parametrize("ending", [".json", ".safetensors"])
def test_a_damaged_index_is_refused(tmp_path: Path, ending: str) -> None:
    write(tmp_path, arrays())
    path = (tmp_path / FOLDER / "densenet121").with_suffix(ending)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError):
        KnownFilms.load(tmp_path, card())
    path.unlink()
    if ending == ".safetensors":
        with pytest.raises(WeightsError):
            KnownFilms.load(tmp_path, card())


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": np.zeros(3, np.int32)},
        {"hashes": np.zeros((14, 8), np.uint8)},
        {"codes": np.full((14, 5), 9, np.uint8)},
        {"features": np.zeros((12, 9), np.int8)},
        {"features": np.zeros((0, CHANNELS), np.int8)},
        {"sha256": np.zeros((14, 32), np.int8)},
        {"references": np.full(14, 255, np.uint8)},
    ],
)
def test_parts_that_do_not_go_together_are_refused(tmp_path: Path, changes: Any) -> None:
    write(tmp_path, replace(arrays(), **changes))
    with pytest.raises(WeightsError, match="no index of training films"):
        KnownFilms.load(tmp_path, card())


@pytest.fixture
def film() -> KnownFilm:
    sha256 = hashlib.sha256(b"a film").hexdigest()
    return KnownFilm("clinic/covid/1.png", "clinic", Finding.COVID, "", "", TRAIN, sha256)


def put(path: Path, data: bytes = b"a film") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("inside", ["clinic/covid/1.png", "covid/1.png"])
def test_ones_own_copy_is_found_in_the_set_or_above(
    tmp_path: Path, film: KnownFilm, inside: str
) -> None:
    path = put(tmp_path / "sets" / inside)
    assert own_copy(film, [tmp_path / "none", tmp_path / "sets"]) == path.read_bytes()


def test_a_file_of_other_bytes_is_no_copy(tmp_path: Path, film: KnownFilm) -> None:
    put(tmp_path / "clinic" / "covid" / "1.png", b"another")
    (tmp_path / "covid" / "1.png").mkdir(parents=True)
    assert own_copy(film, [tmp_path]) is None
    assert own_copy(film, []) is None


def test_a_second_folder_is_tried_after_a_false_copy(tmp_path: Path, film: KnownFilm) -> None:
    put(tmp_path / "a" / "covid" / "1.png", b"another")
    path = put(tmp_path / "b" / "covid" / "1.png")
    assert own_copy(film, [tmp_path / "a", tmp_path / "b"]) == path.read_bytes()


@pytest.mark.parametrize("reference", ["clinic/../../out.png", "../out.png", "/{out}", "", "a\0b"])
def test_a_reference_never_leads_out_of_the_folder(
    tmp_path: Path, film: KnownFilm, reference: str
) -> None:
    out = put(tmp_path / "out.png")
    inside = tmp_path / "sets"
    inside.mkdir()
    led = replace(film, reference=reference.format(out=str(out)[1:]))
    assert own_copy(led, [inside]) is None


@pytest.mark.linux
def test_a_link_is_followed_inside_the_folder_alone(tmp_path: Path, film: KnownFilm) -> None:
    out = put(tmp_path / "out.png")
    link = tmp_path / "sets" / "covid" / "1.png"
    link.parent.mkdir(parents=True)
    link.symlink_to(out)
    assert own_copy(film, [tmp_path / "sets"]) is None
    link.unlink()
    kept = put(tmp_path / "sets" / "kept.png")
    link.symlink_to(kept)
    assert own_copy(film, [tmp_path / "sets"]) == kept.read_bytes()
    link.unlink()
    link.symlink_to(link)
    assert own_copy(film, [tmp_path / "sets"]) is None


@pytest.fixture(scope="module")
def shipped() -> KnownFilms:
    found = KnownFilms.load(WEIGHTS, read_card(WEIGHTS))
    assert found is not None
    return found


def test_the_shipped_index_is_of_the_shipped_weights(shipped: KnownFilms) -> None:
    """Of their training films with a class; those without one trained the RSNA categories alone."""
    card = read_card(WEIGHTS)
    assert shipped.manifest == card.split
    counts = card.films["train"]
    films = [shipped.film(row) for row in range(len(shipped))]
    for source, classes in counts.items():
        for label in classes.keys() - {""}:
            count = classes[label]
            own = [f for f in films if (f.split, f.source, f.finding) == (TRAIN, source, label)]
            assert len(own) == count
    assert sum(path.stat().st_size for path in (WEIGHTS / FOLDER).iterdir()) < 5_000_000


@pytest.mark.real_data
def test_films_that_trained_are_seen_as_they_are_and_as_copies(
    shipped: KnownFilms, shared_data: Path
) -> None:
    """The long form is `python -m benchmarks.seen_before`."""
    copies = 0
    for row in range(0, len(shipped), 180):
        data = own_copy(shipped.film(row), [shared_data])
        assert data is not None
        seen = shipped.seen(read_radiograph(data))
        assert seen is not None and seen.exact
        film = Image.open(io.BytesIO(data)).convert("L")
        larger = film.resize((film.width * 3 // 2, film.height * 3 // 2))
        copy = shipped.seen(read_radiograph(encode(larger, "JPEG", quality=40)))
        copies += copy is not None and not copy.exact
    assert copies / len(range(0, len(shipped), 180)) >= 0.95


@pytest.mark.real_data
def test_no_film_of_the_hospital_held_out_was_seen(shipped: KnownFilms, shared_data: Path) -> None:
    cases = read_cases([shared_data / "covid-chestxray"]).cases
    assert len(cases) > 400
    assert not any(shipped.seen(read_radiograph(case.path.read_bytes())) for case in cases)
