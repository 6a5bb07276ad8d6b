"""How the benchmark of the start puts its figures side by side."""

from __future__ import annotations

import os

from benchmarks.start import machine, medians, table


def test_the_median_of_each_figure_is_reported() -> None:
    found = [{"a, s": 1.0, "b, MB": 30.0}, {"a, s": 9.0, "b, MB": 10.0}, {"a, s": 2.0, "b, MB": 20}]
    assert medians(found) == {"a, s": 2.0, "b, MB": 20.0}


def test_another_checkout_stands_beside_and_over_this_one() -> None:
    rows = table([{"a, s": 2.0}, {"a, s": 8.0}]).splitlines()
    assert rows[0] == "| Median | here | there | there / here |"
    assert rows[2] == "| a, s | 2.00 | 8.00 | 4.00 |"


def test_alone_it_is_compared_with_nothing() -> None:
    assert table([{"a, s": 2.0}]).splitlines()[0] == "| Median | here |"


def test_the_machine_is_described() -> None:
    assert f"{os.cpu_count()} cores" in machine() and "streamlit 1." in machine()
