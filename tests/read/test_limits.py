"""A file that gives only so many parts, however many it has."""

from __future__ import annotations

import pytest

from covid_core.errors import RefusedFile
from covid_core.read import limits
from covid_core.read.limits import BoundedFile


def test_it_reads_as_any_file() -> None:
    file = BoundedFile(b"radiograph")
    assert (file.read(5), file.tell(), file.read()) == (b"radio", 5, b"graph")


@pytest.mark.parametrize("limit", [{"MAX_READS": 10}, {"MAX_SECONDS": 0.0}])
def test_too_many_parts_are_refused(
    limit: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limit.items():
        monkeypatch.setattr(limits, name, value)
    file = BoundedFile(bytes(100))
    with pytest.raises(RefusedFile) as refused:
        for _ in range(11):
            file.read(1)
    assert refused.value.code == "too_intricate"
