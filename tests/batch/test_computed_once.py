"""What a list's row, an overlay and a bundle compute of one radiograph, counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from covid_core.batch.per_film_outputs import output_writer
from covid_core.batch.pipeline import Scoring, UnreadFilm, score
from covid_core.batch.worklist import entry
from covid_core.read.archives import Item
from covid_core.read.reading import read_radiograph
from tests.counting import count_calls
from tests.whole_way import films, reader

FILM = films()["8-bit PNG"]


def test_what_a_row_of_the_list_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = count_calls(monkeypatch)
    point = reader().predictor.card.rules.points[0]
    entry(Item("film.png", lambda: FILM), reader(), point=point, prevalence=0.1)
    assert counts == {
        "files decoded": 1,
        "pictures prepared": 3,
        "gate": 1,
        "lungs": 1,
        "classifier": 1,
        "classifier, for checks": 2,  # its flags are those of the page
        "maps": 4,
    }


def test_what_an_overlay_and_a_bundle_cost_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write = output_writer(reader(), overlays=tmp_path, bundles=tmp_path, prevalence=None)
    scoring = Scoring(reader().predictor, "balanced", None, write)
    counts = count_calls(monkeypatch)
    [row] = score(scoring, [UnreadFilm("film.png", lambda: read_radiograph(FILM))])
    endings = sorted(path.suffix for path in tmp_path.iterdir())
    assert row["decision"] != "error" and endings == [".png", ".png", ".zip"]  # class, opacities
    assert counts == {
        "files decoded": 1,
        "pictures prepared": 3,
        "gate": 1,
        "lungs": 1,
        "classifier": 1,
        "classifier, for checks": 2,  # the shortcut meter, and the tests of the map
        "maps": 4,  # of each class, and of the mirrored film for the tests
    }
