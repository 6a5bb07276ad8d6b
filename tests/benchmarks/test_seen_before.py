"""The copies that the measurement makes, and how it counts."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from benchmarks.seen_before import KINDS, Kind, drawn_back, searched
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.known_index import IndexCard
from covid_core.explain.perceptual_hash import PICTURE, hashes_of
from covid_core.read.reading import read_radiograph
from tests.explain.test_known_films import FILES, GROUPS, WEIGHTS_SHA256, WORDS, arrays
from tests.explain.test_perceptual_hash import textured
from tests.films import encode

FILM = Image.fromarray(textured(4, 200))


@pytest.fixture(scope="module")
def known() -> KnownFilms:
    card = IndexCard(
        format_version=1,
        sha256="",
        created="",
        git_commit="",
        weights=WEIGHTS_SHA256,
        manifest="",
        words=WORDS,
        films={},
    )
    return KnownFilms(card, arrays())


@pytest.mark.parametrize("kind", KINDS, ids=[kind.title for kind in KINDS])
def test_each_kind_of_copy_is_a_film_and_another_than_before(kind: Kind) -> None:
    copy = read_radiograph(kind.copy(FILM))
    if kind.title != "PNG":
        same = copy.shape == (200, 200)
        assert not same or np.abs(copy.pixels - np.asarray(FILM) / 255).max() > 0.5 / 255


def test_what_is_sought_is_counted(known: KnownFilms) -> None:
    """Film 5 as itself, film 6 taken for another group's, and a stranger."""
    films = [read_radiograph(file) for file in (FILES[5], FILES[6])]
    films.append(read_radiograph(encode(textured(99), "PNG")))
    of = {
        hashlib.sha256(file).hexdigest(): group for file, group in zip(FILES, GROUPS, strict=True)
    }
    found = searched(known, films, of, [GROUPS[5], 77, 78])
    assert (found.films, found.flagged, found.right) == (3, 2, 1)
    assert found.nearest[:2].tolist() == [0, 0] and found.nearest[2] > 40
    assert found.row("x", "0")[2:5] == ["3", "2 (66.7%)", "1 (33.3%)"]


def test_what_is_drawn_back_has_the_same_hash() -> None:
    picture = PICTURE.picture(textured(1).astype(np.float32) / 255)[np.newaxis]
    back = drawn_back(hashes_of(picture))
    assert (hashes_of(back) == hashes_of(picture)).all()
