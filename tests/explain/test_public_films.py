"""Public films to try the reader with: what the list holds, and what is known again by it."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covid_core.case.reader import CaseReader
from covid_core.errors import DatasetError
from covid_core.explain import public_films
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.perceptual_hash import SAME_PICTURE, distances
from covid_core.explain.public_films import (
    LIST,
    PublicFilm,
    Recognised,
    read_list,
    recognise,
)
from covid_core.explain.public_films import (
    public_films as listed,
)
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import WEIGHTS, read_card
from covid_core.model.decision import Decision, OperatingPoint
from covid_core.model.tiers import DECIDED, Tier, right_answers
from covid_core.read.reading import read_radiograph
from tests.conftest import SHARED_DATA
from tests.explain.test_perceptual_hash import hash_of, textured
from tests.films import encode

COPY = encode(textured(0), "PNG")


def film(**changes: str) -> PublicFilm:
    made = PublicFilm(
        name="one.png",
        collection="A collection",
        page="https://example.org/one.png",
        licence="CC BY 4.0",
        label=Finding.PNEUMONIA,
        finding="Pneumocystis pneumonia",
        sha256=hashlib.sha256(COPY).hexdigest(),
        hash=hash_of(COPY).tobytes().hex(),
    )
    return made.replace(**changes)


@pytest.fixture
def own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of two films drawn here, of which one has a digest that no file has."""
    other = film(
        name="other.png", sha256="0" * 64, hash=hash_of(encode(textured(1), "PNG")).tobytes().hex()
    )
    monkeypatch.setattr(public_films, "public_films", lambda: (other, film()))


def test_the_list_names_two_films_of_each_class() -> None:
    assert Counter(one.label for one in listed()) == dict.fromkeys(CLASSES, 2)


def test_no_two_films_of_the_list_are_taken_for_each_other() -> None:
    hashes = np.array([list(bytes.fromhex(one.hash)) for one in listed()], np.uint8)
    for row, one in enumerate(hashes):
        assert (np.delete(distances(one, hashes), row) > 2 * SAME_PICTURE).all()
    assert len({one.name for one in listed()}) == len({one.sha256 for one in listed()}) == 6


@pytest.mark.usefixtures("own_list")
def test_the_very_copy_is_known_by_its_digest() -> None:
    known = recognise(read_radiograph(COPY))
    assert known and known.exact and known.film.name == "one.png"
    assert "SHA-256 of a copy scaled to a shorter side of 256 px" in known.sentence


@pytest.mark.usefixtures("own_list")
def test_a_file_of_other_bytes_and_size_is_known_by_its_picture() -> None:
    larger = Image.fromarray(textured(0)).resize((900, 840), Image.Resampling.BICUBIC)
    known = recognise(read_radiograph(encode(larger, "JPEG", quality=60)))
    assert known and not known.exact and known.film.name == "one.png"
    assert "known by its picture" in known.sentence
    assert "labelled there: Pneumocystis pneumonia. Licence: CC BY 4.0." in known.sentence


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (Tier.UNLIKELY, "agrees"),
        (Tier.POSSIBLE, "agrees"),
        (Tier.LIKELY, "contradicts"),
        (Tier.NONE_SEEN, "contradicts"),
        (Tier.UNDECIDED, "is undecided on"),
    ],
)
def test_the_answer_is_compared_with_the_collections_label(tier: Tier, words: str) -> None:
    decision = Decision(None, False, (), OperatingPoint("balanced", 0.5), "", tier)
    assert words in Recognised(film(), 0, True).compared(decision)
    withheld = decision.withheld("It does not come from the lungs.")
    assert "is withheld" in Recognised(film(), 0, True).compared(withheld)


def test_none_of_them_trained_the_shipped_weights() -> None:
    known = KnownFilms.load(WEIGHTS, read_card(WEIGHTS))
    assert known
    for one in listed():
        own = np.frombuffer(bytes.fromhex(one.hash), np.uint8)
        assert distances(own, known.hashes).min() > SAME_PICTURE


@pytest.mark.usefixtures("own_list")
def test_another_film_is_not_known() -> None:
    assert recognise(read_radiograph(encode(textured(2), "PNG"))) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("films = [", "it is no TOML"),
        ('[[films]]\nname = "one"\n', "collection"),
        (LIST.read_text(encoding="utf-8").replace("https://", "javascript:"), "page"),
        (LIST.read_text(encoding="utf-8").replace('hash = "f', 'hash = "g'), "hash"),
    ],
)
def test_what_is_no_list_says_what_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=problem):
        read_list(path)
    with pytest.raises(DatasetError, match="no list of public films"):
        read_list(tmp_path / "none.toml")


def copies() -> dict[str, Path]:
    """The small copies that the list was made of, by the film's name."""
    folders = [
        SHARED_DATA / one for one in ("nih/No_findings", "nih/Pneumonia", "covid-chestxray/images")
    ]
    found = {}
    for one in listed():
        for folder in folders:
            for path in (folder / one.name, (folder / one.name).with_suffix(".jpg")):
                if path.is_file():
                    found[one.name] = path
    return found


@pytest.mark.real_data
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no radiographs here")
def test_the_copies_have_the_digests_and_hashes_of_the_list_at_any_size() -> None:
    assert len(copies()) == 6
    for name, path in copies().items():
        data = path.read_bytes()
        known = recognise(read_radiograph(data))
        assert known and known.exact and known.film.name == name
        assert hash_of(data).tobytes().hex() == known.film.hash
        with Image.open(path) as small:
            large = small.convert("L").resize(
                (small.width * 4, small.height * 4), Image.Resampling.LANCZOS
            )
        again = recognise(read_radiograph(encode(large, "PNG")))
        assert again and not again.exact and again.film.name == name


@pytest.mark.real_data
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="no radiographs here")
def test_the_model_gets_exactly_one_of_them_wrong() -> None:
    reader = CaseReader.load(WEIGHTS)
    wrong = []
    for one in listed():
        reading = reader.read(read_radiograph(copies()[one.name].read_bytes()))
        reading = reader.check(reading, reading.prediction.label)  # which may withhold the answer
        tier = reading.prediction.decision.tier
        if tier in DECIDED and one.label not in right_answers(tier):
            wrong.append(one.name)
    assert wrong == ["X-ray_of_cyst_in_pneumocystis_pneumonia_1.jpg"]
