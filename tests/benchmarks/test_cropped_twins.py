"""A film cut on two sides, or with margins, is found by its cuts, and by its whole not."""

from __future__ import annotations

import numpy as np

from benchmarks.cropped_twins import LIMIT, as_signs, cuts, figures, nearest
from covid_core.explain.perceptual_hash import PICTURE, SAME_PICTURE, distances, hashes_of
from tests.explain.test_perceptual_hash import textured


def test_a_cut_film_is_found_by_its_cuts() -> None:
    films = [textured(seed, 240) for seed in range(5)]
    whole = np.stack([PICTURE.picture(film.astype(np.float32) / 255) for film in films])
    hashes = hashes_of(whole)
    cut = films[3][10:, 2:-12]  # at the top and the right: its nearest cut adds margins there
    plain = hashes_of(PICTURE.picture(cut.astype(np.float32) / 255)[np.newaxis])[0]
    assert distances(plain, hashes)[3] > SAME_PICTURE
    bits, row = nearest(cuts(cut), as_signs(hashes))
    assert (row, bits <= LIMIT) == (3, True)
    assert nearest(cuts(textured(50)), as_signs(hashes))[0] > LIMIT


def test_uncut_it_is_the_film_itself() -> None:
    film = textured(1, 200)
    made = cuts(film)
    assert made.shape == (625, 64, 64)
    as_it_is = PICTURE.picture(film.astype(np.float32) / 255)[np.newaxis]
    assert distances(hashes_of(made[312:313])[0], hashes_of(as_it_is))[0] < 5


def test_figures_are_of_the_films_that_are_given() -> None:
    labels = np.array([0, 1, 2, 2, 0, 2])
    scores = np.full((6, 3), 0.1)
    scores[np.arange(6), [0, 1, 2, 2, 2, 0]] = 0.8
    films, accuracy, auroc = figures(scores, labels, np.arange(6))
    assert (films, accuracy[:5]) == ("6", "0.667")
    assert auroc[:5] == "0.667"  # of 9 pairs, 4 won and 4 tied
