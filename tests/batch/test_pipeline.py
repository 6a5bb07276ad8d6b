"""Films through the network side by side: in order, a few at a time, and one spoils no other."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, cast

import pytest

from covid_core.batch import pipeline
from covid_core.batch.pipeline import Explained, Scoring, UnreadFilm, in_order, rows, score
from covid_core.errors import Abstained, CovidCoreError, RefusedFile, Unwritten
from covid_core.model.decision import BALANCED
from covid_core.predict.prediction import Prediction
from covid_core.predict.predictor import Predictor
from covid_core.present.overlay import png
from covid_core.present.rows import error_row, prediction_row
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from covid_core.read.reading import read_radiograph
from covid_core.storage.atomic import write_whole
from tests.stand_in import StandIn

ABSTAINED = Abstained("not_a_film", "it shows no chest", "Give a chest film")


@pytest.fixture
def predictor() -> StandIn:
    return StandIn()


@pytest.fixture(scope="module")
def radiographs() -> list[Radiograph]:
    return [read_radiograph(png(draw_phantom(size_px=128, seed=seed))) for seed in range(5)]


def films_of(radiographs: Sequence[Radiograph]) -> list[UnreadFilm]:
    return [UnreadFilm(f"{i}.png", lambda one=one: one) for i, one in enumerate(radiographs)]  # type: ignore[misc]


def scoring(predictor: object, **options: Any) -> Scoring:
    return Scoring(cast(Predictor, predictor), **options)


def test_results_come_in_order_though_work_ends_in_another() -> None:
    """The first ends only when the last but one has: with fewer than all ahead it would hang."""
    others = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert others.wait(30)
        if item == 10:
            others.set()
        return item * item

    assert list(in_order(work, range(12), workers=2)) == [i * i for i in range(12)]


def test_as_many_are_worked_on_at_a_time_as_there_are_workers() -> None:
    together = threading.Barrier(3)

    def work(item: int) -> int:
        together.wait(30)
        return item

    assert list(in_order(work, range(9), workers=3)) == list(range(9))


def test_only_a_few_are_requested_ahead_and_a_result_is_given_before_the_items_end() -> None:
    numbers = count()

    def endless() -> Iterator[int]:
        yield from numbers

    results = in_order(lambda item: item, endless(), workers=2)
    assert list(islice(results, 100)) == list(range(100))
    results.close()
    assert next(numbers) <= 101 + 2 * pipeline._AHEAD


def test_closing_drops_what_is_not_begun() -> None:
    begun, let = [], threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item:
            let.wait(30)
        return item

    results = in_order(work, range(100), workers=2)
    assert next(results) == 0
    let.set()
    results.close()
    assert len(begun) < 100
    assert threading.active_count() < 20


def test_what_the_work_raises_is_raised_in_its_place_and_stops() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise OSError("no space")
        return item

    results = in_order(work, range(1_000_000), workers=2)
    assert list(islice(results, 3)) == [0, 1, 2]
    with pytest.raises(OSError, match="no space"):
        next(results)


@pytest.mark.parametrize("workers", [1, 3])
def test_rows_are_those_of_one_film_after_another(
    predictor: StandIn, radiographs: list[Radiograph], workers: int
) -> None:
    made = rows(films_of(radiographs), scoring(predictor, prevalence=0.1), workers=workers)
    expected = [
        prediction_row(f"{i}.png", predictor.predict(one), prevalence=0.1)
        for i, one in enumerate(radiographs)
    ]
    assert list(made) == expected
    assert len({row["p_covid"] for row in expected}) == 5


def test_one_film_that_fails_is_its_row_and_no_others(
    predictor: StandIn, radiographs: list[Radiograph]
) -> None:
    def refuse() -> Radiograph:
        raise RefusedFile("empty", "the file is empty", "Copy it again")

    def break_down() -> Radiograph:
        raise KeyError("Canary^Anna")

    films = [
        UnreadFilm("x.png", refuse),
        *films_of(radiographs[:2]),
        UnreadFilm("y.png", break_down),
    ]
    made = list(rows(films, scoring(predictor), workers=2))
    assert [row["file"] for row in made] == ["x.png", "0.png", "1.png", "y.png"]
    assert [row["decision"] == "error" for row in made] == [True, False, False, True]
    assert made[0]["reason"] == "The file is empty. Copy it again."
    assert "did not foresee" in made[3]["reason"] and "Canary" not in str(made)


def test_films_go_to_the_network_in_the_batches_that_it_likes(
    predictor: StandIn, radiographs: list[Radiograph]
) -> None:
    batches = StandIn(batch_films=3)
    made = list(rows(films_of(radiographs), scoring(batches), workers=1))
    assert batches.batches == [3, 2]
    assert made == list(rows(films_of(radiographs), scoring(predictor), workers=1))
    assert predictor.batches == [1] * 5


def test_what_abstains_in_a_batch_is_its_row(radiographs: list[Radiograph]) -> None:
    class Choosy(StandIn):
        def predict_many(
            self, radiographs: Sequence[Radiograph], point: str = BALANCED
        ) -> Sequence[Prediction | Abstained]:
            return [ABSTAINED, *super().predict_many(radiographs[1:], point)]

    made = list(rows(films_of(radiographs), scoring(Choosy(5)), workers=2))
    assert made[0] == error_row("0.png", ABSTAINED)
    assert all(row["label"] for row in made[1:])


def test_a_batch_that_breaks_is_judged_film_by_film(radiographs: list[Radiograph]) -> None:
    class Fragile(StandIn):
        def predict_many(
            self, radiographs: Sequence[Radiograph], point: str = BALANCED
        ) -> Sequence[Prediction | Abstained]:
            if len(radiographs) > 1:
                raise MemoryError
            if radiographs[0] is third:
                raise ZeroDivisionError
            return super().predict_many(radiographs, point)

    third = radiographs[2]
    made = list(rows(films_of(radiographs), scoring(Fragile(5)), workers=2))
    assert [row["decision"] == "error" for row in made] == [False, False, True, False, False]


@pytest.mark.parametrize("outcome", ["judged", "abstained", "broken"])
def test_a_film_is_let_go_with_its_row(outcome: str) -> None:
    """Without the collector of cycles, which may come late: a film takes tens of megabytes."""

    class Choosy(StandIn):
        def predict_many(
            self, radiographs: Sequence[Radiograph], point: str = BALANCED
        ) -> Sequence[Prediction | Abstained]:
            if outcome == "broken":
                raise ZeroDivisionError
            return [ABSTAINED] if outcome == "abstained" else super().predict_many(radiographs)

    held = []

    def read() -> Radiograph:
        film = read_radiograph(png(draw_phantom(size_px=128)))
        held.append(weakref.ref(film.pixels))
        return film

    gc.disable()
    try:
        [row] = score(scoring(Choosy()), [UnreadFilm("film.png", read)])
        assert [film() is None for film in held] == [True]
    finally:
        gc.enable()
    assert (row["label"] is None) == (outcome != "judged")


def test_the_share_of_heat_that_is_explained_stands_in_the_row(
    predictor: StandIn, radiographs: list[Radiograph]
) -> None:
    seen = []

    def explain(film: UnreadFilm, radiograph: Radiograph, prediction: Prediction) -> Explained:
        seen.append((film.name, radiograph.sha256, prediction.radiograph_sha256))
        if film.name == "1.png":
            raise CovidCoreError("it can't be drawn", "Leave it")
        return Explained(prediction, 0.25, ())

    made = list(rows(films_of(radiographs[:3]), scoring(predictor, explain=explain), workers=2))
    assert [row["heat_in_lungs"] for row in made] == [0.25, None, 0.25]
    assert [row["decision"] == "error" for row in made] == [False, True, False]
    assert sorted(seen) == [
        (f"{i}.png", one.sha256, one.sha256) for i, one in enumerate(radiographs[:3])
    ]


@pytest.mark.linux
def test_an_overlay_that_can_not_be_written_stops_all(
    predictor: StandIn, radiographs: list[Radiograph]
) -> None:
    def explain(film: UnreadFilm, radiograph: Radiograph, prediction: Prediction) -> Explained:
        write_whole(Path("/proc/overlay.png"), b"")
        return Explained(prediction, 0.5, ())

    with pytest.raises(Unwritten, match="can't be written"):
        list(rows(films_of(radiographs), scoring(predictor, explain=explain), workers=2))


def test_a_name_that_cannot_be_written_is_that_film_s_error(
    predictor: StandIn, radiographs: list[Radiograph], tmp_path: Path
) -> None:
    """One too long, and one that a folder has; a disk that takes nothing ends all, as above."""
    (tmp_path / "1.png").mkdir()

    def explain(film: UnreadFilm, radiograph: Radiograph, prediction: Prediction) -> Explained:
        write_whole(tmp_path / ("x" * 250 if film.name == "0.png" else film.name), b"overlay")
        return Explained(prediction, 0.5, ())

    found = list(rows(films_of(radiographs), scoring(predictor, explain=explain), workers=2))
    assert [row["decision"] == "error" for row in found] == [True, True, False, False, False]
    assert all("can't be written" in row["reason"] for row in found[:2])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{i}.png" for i in range(1, 5)]
