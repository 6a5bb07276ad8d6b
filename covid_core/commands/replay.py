"""`replay BUNDLE`: read a case bundle's film again, and compare what comes of it byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from covid_core.case.reader import CaseReader
from covid_core.commands.arguments import Engine, Weights
from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.engines.choice import Choice
from covid_core.errors import CovidCoreError, WeightsError
from covid_core.exports.bundle import (
    CASE,
    MAX_BYTES,
    MEMBERS,
    NOTE,
    Bundle,
    read_bundle,
    replay,
    unpacked,
)
from covid_core.model.card import WEIGHTS
from covid_core.storage.atomic import write_whole

_OTHERS = {
    "weights_sha256": "other weights",
    "rules_sha256": "another calibration",
    "gate_sha256": "another gate",
    "lungs_sha256": "another network of the lungs",
    "known_films_sha256": "another index of training films",
    "split": "weights trained on another split",
    "model": "another model",
}


EPILOG = NOTE


@dataclass(frozen=True, kw_only=True)
class Options:
    """Read a case bundle's film again, and compare the new bundle with the given one.

    From its levels to the report, byte for byte. Exit status: 0 the same, 1 another, 2 no bundle,
    or one that was changed.
    """

    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="as predict --bundle makes it")]
    weights: Weights = WEIGHTS
    engine: Engine = Choice.AUTO
    out: Annotated[
        Path | None, Option("--out", metavar="FILE", help="write the new bundle there")
    ] = None


def run(options: Options) -> int:
    """Read case bundles again, and compare byte for byte; the exit status."""
    try:
        bundle = read_bundle(_bytes(options.bundle))
    except CovidCoreError as error:
        error.file = str(options.bundle)
        raise
    recipe = bundle.made_by["recipe"]
    reader = CaseReader.load(options.weights, recipe, choice=options.engine)
    try:
        again = replay(bundle, reader)
    except WeightsError:
        raise
    except CovidCoreError as error:
        print(f"differs: its film gets no answer here. {error.sentence}")
        print(_why(bundle, reader))
        return SOME_FAILED
    if options.out:
        write_whole(options.out, again)
    if again == bundle.data:
        count = len(bundle.members)
        print(f"the same: {len(again)} bytes, {count} members, made anew from the film")
        return DONE
    for line in differences(bundle.members, unpacked(again)):
        print(f"differs: {line}")
    print(_why(bundle, reader))
    return SOME_FAILED


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[str]:
    """Which members differ, and from which byte on; the manifest alone where nothing else does."""
    found = [
        f"{name} ({len(old[name])} bytes, now {len(new[name])}), from byte"
        f" {_first(old[name], new[name])} on"
        for name in MEMBERS
        if name in old and name in new and old[name] != new[name] and name != CASE
    ]
    found += [f"{name}, which only the old one has" for name in old if name not in new]
    found += [f"{name}, which only the new one has" for name in new if name not in old]
    if not found and old[CASE] != new[CASE]:
        found = [f"{CASE}, from byte {_first(old[CASE], new[CASE])} on"]
    return found or ["how the ZIP file is packed; every member is the same"]


def _first(old: bytes, new: bytes) -> int:
    length = min(len(old), len(new))
    return next((at for at in range(length) if old[at] != new[at]), length)


def _why(bundle: Bundle, reader: CaseReader) -> str:
    """What is not as it was when the bundle was made, in words."""
    here = reader.identity
    made_by, made_with = bundle.made_by, bundle.made_with
    reasons = [
        f"{words}: {_told(made_by.get(name))} then, {_told(here[name])} now"
        for name, words in _OTHERS.items()
        if made_by.get(name) != here[name]
    ]
    reasons += [
        f"another {name}: {_told(made_with.get(name))} then, {_told(value)} now"
        for name, value in reader.surroundings.items()
        if made_with.get(name) != value
    ]
    if not reasons:
        return "why: not known. Weights, engine, processor and versions are as they were"
    return "why it may: " + "; ".join(reasons)


def _told(value: str | None) -> str:
    return value[:40] if value else "none"


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES or not path.is_file():
            raise CovidCoreError("it is no case bundle", "Name a ZIP file that this program made")
        return path.read_bytes()
    except OSError as error:
        raise CovidCoreError(
            f"the bundle can't be read ({error.strerror})", "Check that it exists and may be read"
        ) from error
