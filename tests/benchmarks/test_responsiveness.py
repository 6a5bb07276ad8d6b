"""What the benchmark of waiting makes of its times, and what keeps the cores busy meanwhile."""

from __future__ import annotations

from benchmarks.responsiveness import busy, figures, medians, table

FOUND = {
    "first film: film": 0.4,
    "first film: answer": 1.31,
    "another operating point: answer": 0.2,
}


def test_each_state_is_held_to_its_own_goal() -> None:
    slow = {name: 100 * seconds for name, seconds in FOUND.items()}
    found = {one.what: one for one in figures({0: FOUND, 8: slow})}
    assert len(found) == 2 * len(FOUND)
    film = found["free: first film: film"]
    assert (film.measured, film.goal, film.met) == ("0.4 s", "at most 1.9 s", True)
    assert found["free: first film: answer"].met, "as it is printed: 1.3 s"
    assert found["beside 8 busy processes: first film: film"].met is False
    assert found["beside 8 busy processes: another operating point: answer"].met is None


def test_the_median_of_each_time_is_reported() -> None:
    assert medians([{"a": 1.0}, {"a": 9.0}, {"a": 2.0}]) == {"a": 2.0}


def test_states_and_checkouts_stand_beside_each_other() -> None:
    rows = table({"here": {0: FOUND, 8: FOUND}, "there": {0: {}, 8: FOUND}}).splitlines()
    columns = ("Seconds", "here, none busy", "here, 8 busy", "there, none busy", "there, 8 busy")
    assert rows[0] == f"| {' | '.join(columns)} |"
    assert rows[2] == "| first film: film | 0.40 | 0.40 | nan | 0.40 |"


def test_busy_processes_are_there_and_gone_again() -> None:
    with busy(2) as processes:
        assert [one.poll() for one in processes] == [None, None]
    assert all(one.poll() is not None for one in processes)
