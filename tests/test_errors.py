"""What can go wrong, as one vocabulary."""

from __future__ import annotations

from copy import copy

import pytest

from covid_core.errors import CovidCoreError, RefusedFile


@pytest.mark.parametrize(
    "error", [CovidCoreError("a", "b", file="c"), RefusedFile("corrupt", "a", "b")]
)
def test_an_error_is_copied_whole_as_between_processes(error: CovidCoreError) -> None:
    found = copy(error)
    assert type(found) is type(error) and vars(found) == vars(error)
    assert str(found) == str(error)
