"""The films that the benchmark of memory uploads, and what it makes of its samples."""

from __future__ import annotations

import pytest

from benchmarks.memory import SETTLED, Sample, describe, figures, film, judged
from benchmarks.servers import Memory
from covid_core.read.reading import read_radiograph

FILMS = 30


def samples(*resident: float) -> list[Sample]:
    """One after every 50 uploads, from none on."""
    return [Sample(50 * i, Memory(value, value + 10), float(i)) for i, value in enumerate(resident)]


def test_no_two_films_are_the_same_file() -> None:
    files = [film(number) for number in range(FILMS)]
    assert len({data for _, data in files}) == len({name for name, _ in files}) == FILMS
    assert film(1) == film(1)


def test_films_are_of_several_kinds_and_sizes() -> None:
    read = [read_radiograph(film(number)[1]) for number in range(8)]
    assert {one.source_format.split(",")[0] for one in read} == {"PNG", "DICOM"}
    assert {one.height_px for one in read} == {512, 640, 768, 896, 1024}


def test_what_is_there_before_it_settles_is_no_growth() -> None:
    found = judged(samples(100, 200, 300, 300, 300, 300))
    assert (found.settled, found.plateau, found.most) == (300, 300, 300)
    assert found.growth == 0 and found.per_upload == pytest.approx(0)
    assert "+0.0%" in describe(found)


def test_a_leak_is_found_and_its_size_reported() -> None:
    found = judged(samples(100, 200, *(300 + 10 * i for i in range(20))))
    assert found.per_upload == pytest.approx(0.2)
    assert found.growth > 0.3 and found.most == 490
    assert "+200 kB an upload" in describe(found)
    assert not all(figure.met for figure in figures(found, 0) if figure.goal)


def test_a_slope_is_no_surer_than_its_samples() -> None:
    steady = judged(samples(100, 200, *(300 + 0.1 * (i % 2) for i in range(20))))
    assert 0 < steady.give_or_take < 0.001
    shaky = judged(samples(100, 200, *(300 + 40 * (i % 2) for i in range(20))))
    assert shaky.give_or_take > abs(shaky.per_upload)
    assert all(figure.met for figure in figures(steady, 0) if figure.goal)


def test_an_upload_that_stays_is_no_success() -> None:
    steady = judged(samples(100, 200, *(300 + i % 2 for i in range(20))))
    assert [figure.met for figure in figures(steady, 1)][-1] is False


def test_a_single_peak_is_no_leak_but_the_most() -> None:
    found = judged(samples(100, 200, 300, 300, 700, 300, 300, 300))
    assert found.growth == 0 and found.most == 700


def test_too_few_samples_are_no_verdict() -> None:
    with pytest.raises(ValueError, match=str(SETTLED)):
        judged(samples(100, 200, 300, 300))
