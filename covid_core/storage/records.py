"""Records kept in files (cards, results, recipes, settings) as typed models, read in one way.

A record's definition is its validation too: what a file has that the record doesn't, a field of
another type and a number outside its range each raise one error that names the file, the field,
what is there and what to do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from covid_core.errors import CovidCoreError


class Record(BaseModel):
    """A frozen typed model of what one file, or one part of it, holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)

    @classmethod
    def parse(cls, raw: Any, file: Path, *, error: type[CovidCoreError], remedy: str) -> Self:
        """The record in parsed JSON or TOML; raises `error`, with `remedy`, where it isn't one.

        `raw`: as a parser gave it. `file`: where it was read, for the error's sentence.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as invalid:
            raise error(describe_invalid(invalid), remedy, file=str(file)) from invalid

    @classmethod
    def read(cls, file: Path, *, error: type[CovidCoreError], remedy: str) -> Self:
        """The record in a JSON file; raises `error` where there is none, or another thing."""
        try:
            raw = json.loads(file.read_text(encoding="utf-8"))
        except OSError as unread:
            problem = f"it can't be read: {unread.strerror or unread}"
            raise error(problem, remedy, file=str(file)) from unread
        except (ValueError, RecursionError) as damaged:
            raise error("it is not JSON", remedy, file=str(file)) from damaged
        return cls.parse(raw, file, error=error, remedy=remedy)

    def as_json(self) -> dict[str, Any]:
        """The record as plain values, ready for a JSON file."""
        return self.model_dump(mode="json")


def describe_invalid(invalid: ValidationError) -> str:
    """The first fault in words, and how many more there are: "rules.bias.2 is "x": …"."""
    first, *others = invalid.errors(include_url=False)
    field = ".".join(map(str, first["loc"])) or "the whole"
    found = "" if first["type"] == "missing" else f" is {_short(first['input'])}"
    more = f", and {len(others)} more such" if others else ""
    return f"{field}{found}: {first['msg'][:1].lower()}{first['msg'][1:]}{more}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
