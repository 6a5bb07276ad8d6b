"""`replay BUNDLE...`: read the radiographs of case bundles again, and compare byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from covid_core.case.reader import CaseReader
from covid_core.commands.arguments import Engine, Weights
from covid_core.commands.status import DONE, SOME_FAILED, WRONG_USE
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
from covid_core.exports.signature import check_signature, read_signer
from covid_core.model.card import WEIGHTS
from covid_core.read.reading import read_file
from covid_core.storage.atomic import write_whole
from covid_core.storage.plain_files import NoPlainFile, read_regular

_OTHERS = {
    "weights_sha256": "other weights",
    "rules_sha256": "another calibration",
    "card_sha256": "another card of the weights",
    "gate_sha256": "another gate",
    "gate_card_sha256": "another card of the gate",
    "lungs_sha256": "another network of the lungs",
    "lungs_card_sha256": "another card of the network of the lungs",
    "known_films_sha256": "another index of training radiographs",
    "split": "weights trained on another split",
    "model": "another model",
}


EPILOG = NOTE
LIMITS = (
    "That they are the same proves that a bundle is consistent, not where it comes from. Its"
    " radiograph is checked with --radiograph, its maker and its date with --signer."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Read the radiographs of case bundles again, and compare the new bundles with the given ones.

    From a radiograph's levels to the report, byte for byte. The same bytes prove that a bundle is
    consistent, not where it comes from. Exit status: 0 all the same, 1 some are others, 2 some are
    no bundles, were changed, or are not signed by the signer.
    """

    bundles: Annotated[list[Path], Argument(metavar="BUNDLE", help="as predict --bundle makes it")]
    films: Annotated[
        list[Path],
        Option(
            "--radiograph",
            default_factory=list,
            metavar="FILE",
            show_default=False,
            help="the radiograph that a bundle is said to be of: read that, not the bundle's copy;"
            " may be given several times, for several bundles",
        ),
    ]
    signer: Annotated[
        Path | None,
        Option(
            "--signer",
            metavar="KEY",
            help="Ed25519 public key (PEM) that BUNDLE.sig must be a signature of",
        ),
    ] = None
    weights: Weights = WEIGHTS
    engine: Engine = Choice.AUTO
    out: Annotated[
        Path | None, Option("--out", metavar="FILE", help="write the new bundle there")
    ] = None


def run(options: Options) -> int:
    """Read case bundles again, and compare byte for byte; the exit status."""
    if options.out and len(options.bundles) > 1:
        raise CovidCoreError("--out takes one bundle", "Name one bundle, or leave out --out")
    signer = read_signer(options.signer) if options.signer else None
    films = {_digest(path): path for path in options.films}
    load = cache(partial(CaseReader.load, options.weights, choice=options.engine))
    worst = DONE
    for path in options.bundles:
        try:
            data = _bytes(path)
            if signer:
                check_signature(signer, path, data)
            status = _verdict(path, read_bundle(data), load, films, options.out)
        except CovidCoreError as error:
            error.file = error.file or str(path)
            print(error, file=sys.stderr)
            status = WRONG_USE
        worst = max(worst, status)
    if worst != WRONG_USE and not (signer and films):
        print(LIMITS)
    return worst


def _verdict(
    path: Path,
    bundle: Bundle,
    load: Callable[[str], CaseReader],
    films: Mapping[str, Path],
    out: Path | None,
) -> int:
    """Prints whether a bundle is the same when it is made anew; the exit status.

    `load`: gives the reader of a recipe. `films`: radiographs by their SHA-256. Raises
    CovidCoreError.
    """
    sha256 = bundle.radiograph.sha256
    film = films.get(sha256)
    if films and not film:
        print(f"{path}: differs: of none of the given radiographs; it is of the SHA-256 {sha256}")
        return SOME_FAILED
    reader = load(bundle.made_by["recipe"])
    try:
        again = replay(bundle, reader, read_file(film) if film else None)
    except WeightsError:
        raise
    except CovidCoreError as error:
        print(f"{path}: differs: its radiograph gets no answer here. {error.sentence}")
        print(_why(bundle, reader))
        return SOME_FAILED
    if out:
        write_whole(out, again)
    if again == bundle.data:
        count, of = len(bundle.members), film or "the radiograph in it"
        print(f"{path}: the same: {len(again)} bytes, {count} members, made anew from {of}")
        return DONE
    for line in differences(bundle.members, unpacked(again)):
        print(f"{path}: differs: {line}")
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
        f"{words}: {_abridged(made_by.get(name))} then, {_abridged(here[name])} now"
        for name, words in _OTHERS.items()
        if made_by.get(name) != here[name]
    ]
    reasons += [
        f"another {name}: {_abridged(made_with.get(name))} then, {_abridged(value)} now"
        for name, value in reader.surroundings.items()
        if made_with.get(name) != value
    ]
    if not reasons:
        return "why: not known. Weights, engine, processor and versions are as they were"
    return "why it may: " + "; ".join(reasons)


def _abridged(value: str | None) -> str:
    return value[:40] if value else "none"


def _bytes(path: Path) -> bytes:
    try:
        data = read_regular(path, MAX_BYTES + 1)
    except NoPlainFile:
        data = b""
    except OSError as error:
        raise CovidCoreError(
            f"the bundle can't be read ({error.strerror})", "Check that it exists and may be read"
        ) from error
    if not 0 < len(data) <= MAX_BYTES:
        raise CovidCoreError("it is no case bundle", "Name a ZIP file that this program made")
    return data


def _digest(path: Path) -> str:
    """The SHA-256 of a radiograph's file. Raises RefusedFile."""
    return read_file(path).sha256
