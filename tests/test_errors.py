"""What can go wrong, as one vocabulary."""

from __future__ import annotations

from copy import copy

import pytest

from covid_core.errors import CovidCoreError, RefusedFile, listed


@pytest.mark.parametrize(
    "error", [CovidCoreError("a", "b", file="c"), RefusedFile("corrupt", "a", "b")]
)
def test_an_error_is_copied_whole_as_between_processes(error: CovidCoreError) -> None:
    found = copy(error)
    assert type(found) is type(error) and vars(found) == vars(error)
    assert str(found) == str(error)


def test_what_is_listed_ends_with_how_many_there_are() -> None:
    assert listed("ab") == ":\n  a\n  b\n2 in all"
    assert listed("ab", 2) == listed("ab")
    assert listed("abc", 2) == ":\n  a\n  b\n  ...\n3 in all"
