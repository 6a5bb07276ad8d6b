"""Records kept in files (cards, results, recipes, settings) as typed models, read in one way.

A record's definition is its validation too: what a file has that the record doesn't, a field of
another type and a number outside its range each raise one error that names the file, the field,
what is there and what to do. Types are taken strictly, as JSON has them: "1" and true are no
numbers, a list is a tuple, a text is a member of its enumeration.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic import ValidationError as InvalidError

from covid_core.errors import CovidCoreError
from covid_core.metrics import Estimate
from covid_core.storage.plain_files import read_regular

Kind = TypeVar("Kind")
STRICTLY = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_name=True)


class Record(BaseModel):
    """A frozen typed model of what one file, or one part of it, holds."""

    model_config = STRICTLY

    @classmethod
    def parse(cls, raw: Any, file: Path, *, error: type[CovidCoreError], remedy: str) -> Self:
        """The record in parsed JSON or TOML; raises `error`, with `remedy`, where it isn't one.

        `raw`: as a parser gave it. `file`: where it was read, for the error's sentence.
        """
        return parse(cls, raw, file, error=error, remedy=remedy)

    @classmethod
    def read(cls, file: Path, *, error: type[CovidCoreError], remedy: str) -> Self:
        """The record in a JSON file; raises `error` where there is none, or another thing."""
        try:
            raw = json.loads(read_regular(file).decode())
        except OSError as unread:
            problem = f"it can't be read: {unread.strerror or unread}"
            raise error(problem, remedy, file=str(file)) from unread
        except (ValueError, RecursionError) as damaged:
            raise error("it is not JSON", remedy, file=str(file)) from damaged
        return cls.parse(raw, file, error=error, remedy=remedy)

    def replace(self, **changes: Any) -> Self:
        """The record with some fields changed, checked anew. Raises ValueError."""
        return type(self)(**(self.given() | changes))

    def given(self) -> dict[str, Any]:
        """The fields that were set, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def as_json(self) -> dict[str, Any]:
        """The record as plain values, ready for a JSON file; what was never set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of `as_json`: the same for the same record."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()


def parse(
    kind: type[Kind], raw: Any, file: Path, *, error: type[CovidCoreError], remedy: str
) -> Kind:
    """The record, or dataclass, in parsed JSON or TOML; raises `error` where it isn't one.

    A dataclass is checked like a record where its `__pydantic_config__` is `STRICTLY`.
    """
    try:
        found: Kind = _adapter(kind).validate_json(json.dumps(raw))  # type: ignore[arg-type]
    except InvalidError as invalid:
        raise error(describe_invalid(invalid), remedy, file=str(file)) from invalid
    except (TypeError, ValueError, RecursionError) as damaged:
        raise error("it holds what is no JSON", remedy, file=str(file)) from damaged
    return found


def describe_invalid(invalid: InvalidError) -> str:
    """The first fault in words, and how many more there are: "rules.bias.2 is "x": …"."""
    faults = invalid.errors(include_url=False)
    first, *others = [one for one in faults if one["type"] != "default_factory_not_called"]
    field = ".".join(map(str, first["loc"])) or "the whole"
    is_secret = isinstance(first.get("ctx", {}).get("error"), SecretError) or "password" in field
    is_quoted = not is_secret and first["type"] not in _OF_THE_KEY
    is_quoted = is_quoted and isinstance(first["input"], str | float | int | None)
    found = f" is {_short(first['input'])}" if is_quoted else ""
    more = f", and {len(others)} more such" if others else ""
    words = _OF_THE_KEY.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return f"{field}{found}: {words[:1].lower()}{words[1:]}{more}"


class SecretError(ValueError):
    """What a validator raises for a value that no message may quote."""


_OF_THE_KEY = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
    "unexpected_keyword_argument": "there is no such field",
}  # faults of a field's name, not of its value


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(kind)  # type: ignore[arg-type]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _null_is_nan(value: Any) -> Any:
    """What could not be measured is null in a file, and NaN in a figure."""
    if isinstance(value, dict):
        return {name: math.nan if one is None else one for name, one in value.items()}
    return math.nan if value is None else value


def _is_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it must be plain text on one line")
    return text


Figure = Annotated[Estimate, BeforeValidator(_null_is_nan)]
"""An estimate in a file, whose parts may be null."""
Measured = Annotated[float, BeforeValidator(_null_is_nan)]
"""A number in a file that may be null: NaN."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Line = Annotated[str, AfterValidator(_is_one_line)]
