"""Records: taken strictly, written as they were read, and an error that names file and field."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from covid_core.errors import WeightsError
from covid_core.metrics import Estimate
from covid_core.storage.records import Figure, Finite, Measured, Record, Share

FILE = Path("folder") / "some.json"


class Inner(Record):
    share: Share
    password: str = ""


class Outer(Record):
    names: tuple[str, ...]
    inner: Inner
    number: Finite = 1.0
    count: Annotated[int, Field(ge=1)] = 1
    figure: Figure | None = None
    measured: Measured | None = None
    spaced: int = Field(default=0, validation_alias="with space", serialization_alias="with space")


WHOLE: dict[str, Any] = {"names": ["a", "b"], "inner": {"share": 0.5}}


def parse(raw: object) -> Outer:
    return Outer.parse(raw, FILE, error=WeightsError, remedy="Write it anew")


def test_what_is_read_is_written_and_nothing_more() -> None:
    for raw in (WHOLE, WHOLE | {"with space": 3, "count": 2}):
        assert parse(raw).as_json() == raw
    assert parse(WHOLE).names == ("a", "b") and parse(WHOLE).count == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "1"}, "number is '1': input should be a valid number"),
        ({"number": True}, "number is True: input should be a valid number"),
        ({"number": math.inf}, "number is inf: input should be a finite number"),
        ({"number": None}, "number is None: input should be a valid number"),
        ({"count": 1.5}, "count is 1.5: input should be a valid integer"),
        ({"count": 0}, "count is 0: input should be greater than or equal to 1"),
        ({"names": "ab"}, "names is 'ab': input should be a valid array"),
        ({"names": ["a", 2]}, "names.1 is 2: input should be a valid string"),
        ({"inner": {"share": 1.5}}, "inner.share is 1.5: input should be less than or equal to 1"),
        ({"inner": {}}, "inner.share: it is missing"),
        ({"more": 1}, "more: there is no such field"),
        ({"count": 0, "number": "1"}, "number is '1': input should be a valid number, and 1 more"),
        ({"inner": {"share": 1, "password": 4711}}, "inner.password: input should be a valid"),
    ],
)
def test_what_is_wrong_names_the_file_the_field_and_what_is_there(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(WeightsError) as refused:
        parse(WHOLE | changes)
    assert str(refused.value).startswith(f"{FILE}: {words}")
    assert refused.value.remedy == "Write it anew" and "4711" not in str(refused.value)


def test_what_could_not_be_measured_is_null_there_and_nan_here() -> None:
    none = {"value": None, "low": None, "high": None, "n": 0}
    found = parse(WHOLE | {"figure": none, "measured": None})
    assert found.figure and math.isnan(found.figure.value) and found.figure.n == 0
    whole = parse(WHOLE | {"figure": {"value": 1, "low": 0.5, "high": 1, "n": 3}})
    assert whole.figure == Estimate(1.0, 0.5, 1.0, 3)
    with pytest.raises(WeightsError, match="figure.n"):
        parse(WHOLE | {"figure": none | {"n": 1.5}})


def test_a_changed_record_is_checked_anew() -> None:
    record = parse(WHOLE)
    assert record.replace(count=3).as_json() == WHOLE | {"count": 3}
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        record.replace(count=0)
    with pytest.raises(ValueError, match="frozen"):
        record.count = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"{", "not JSON"), (b"\xff", "not JSON"), (b"[" * 100_000, "not JSON"), (b"[]", "object")],
)
def test_a_file_that_holds_another_thing_is_refused(
    tmp_path: Path, data: bytes, words: str
) -> None:
    file = tmp_path / "some.json"
    with pytest.raises(WeightsError, match="can't be read"):
        Outer.read(file, error=WeightsError, remedy="")
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=words):
        Outer.read(file, error=WeightsError, remedy="")
    file.write_text(json.dumps(WHOLE))
    assert Outer.read(file, error=WeightsError, remedy="") == parse(WHOLE)
