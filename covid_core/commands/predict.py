"""`predict PATH...`: score radiographs, one row a file."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Annotated

from tqdm import tqdm
from typer import Argument, Option

from covid_core.batch.ledger import Ledger, Terms, open_ledger
from covid_core.batch.pipeline import Explain, Row, Scoring, UnreadFilm, rows
from covid_core.commands.arguments import (
    Checks,
    Engine,
    ListPassedOver,
    Point,
    Prevalence,
    Recipe,
    Weights,
    open_tally,
    print_tally,
)
from covid_core.commands.status import DONE, SOME_FAILED, STOPPED, WRONG_USE
from covid_core.engines.choice import Choice
from covid_core.engines.engine import Lanes, cores
from covid_core.errors import CovidCoreError, Unwritten
from covid_core.findings import counted
from covid_core.model.card import SHIPPED, WEIGHTS, find_part
from covid_core.model.tiers import Tier
from covid_core.predict.predictor import Predictor
from covid_core.present.rows import UNANSWERED
from covid_core.present.sentences import DISCLAIMER
from covid_core.present.tiers import tiers_in_words
from covid_core.read.archives import zip_members
from covid_core.read.file_kinds import is_zip
from covid_core.read.film_files import films_below, read_head
from covid_core.read.reading import read_file
from covid_core.storage.atomic import unwritten
from covid_core.storage.tables import row_writer
from covid_core.storage.walk import Tally

_GOES_ON = "what was done is written; --csv FILE --resume goes on"
_NOT_CALIBRATED = (
    "these weights are not calibrated: probabilities are the network's own, and the majority is"
    " called. Fit them with: python -m covid_core calibrate MANIFEST"
)
_UNCHECKED = "the answers were not checked as the page checks them; --checks does that"
_COUNTING_S = 10  # of a folder's films before the first is read, for the progress bar alone
EPILOG = DISCLAIMER
_LINE_S = 30  # between lines of progress where there is no terminal


@dataclass(frozen=True, kw_only=True)
class Options:
    """Score radiographs: one row a file."""

    paths: Annotated[list[Path], Argument(metavar="PATH", help="files, folders, ZIPs")]
    csv: Annotated[Path | None, Option("--csv", metavar="FILE", help="write the rows there")] = None
    resume: Annotated[
        bool,
        Option(
            "--resume",
            help="keep the rows that the CSV file has, errors too, and score only what has"
            " none; give the other options as before",
        ),
    ] = False
    json: Annotated[bool, Option("--json", help="print the rows as JSON, one a line")] = False
    checks: Checks = False
    saliency: Annotated[
        Path | None,
        Option(
            "--saliency",
            metavar="DIR",
            help="write Grad-CAM overlays there, without heat where the map fails a test of"
            " itself; no radiograph is read from it",
        ),
    ] = None
    bundle: Annotated[
        Path | None,
        Option(
            "--bundle",
            metavar="DIR",
            help="write a case bundle of each radiograph there: report, JSON, pictures, the image"
            " without its tags, and all checks; `replay` makes it again",
        ),
    ] = None
    sign: Annotated[
        Path | None,
        Option(
            "--sign",
            metavar="KEY",
            help="sign each bundle, into a file beside it, with this Ed25519 private key (PEM)",
        ),
    ] = None
    list_passed_over: ListPassedOver = False
    point: Point = "balanced"
    prevalence: Prevalence = None
    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    workers: Annotated[
        int,
        Option(
            "--workers",
            min=1,
            metavar="N",
            help="radiographs read and judged at a time; one for each core, and one that is read"
            " meanwhile",
        ),
    ] = cores() + 1
    engine: Engine = Choice.AUTO


def run(options: Options) -> int:
    """Score radiographs, one row a file; the exit status."""
    _check(options)
    tally = Tally()
    if next(_films(options, tally), None) is None:
        print("there is no radiograph in what was given", file=sys.stderr)
        print_tally(tally)
        return WRONG_USE
    lanes = Lanes(films=min(options.workers, cores()))
    predictor = Predictor.load(options.weights, options.recipe, choice=options.engine, lanes=lanes)
    if not predictor.card.rules.fitted:
        print(_NOT_CALIBRATED, file=sys.stderr)
    terms = Terms.of(predictor.card, options.point, options.prevalence)
    try:
        explain = _explainer(predictor, options, lanes)
        scoring = Scoring(predictor, options.point, options.prevalence, explain)
        return _written(options, scoring, terms)
    except BrokenPipeError:
        raise
    except (Unwritten, OSError) as error:
        if isinstance(error, OSError):
            error = unwritten(error, Path(error.filename or options.csv or "standard output"))
        print(error, _GOES_ON, sep="\n", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print(f"stopped: {_GOES_ON}", file=sys.stderr)
        return STOPPED


def _check(options: Options) -> None:
    """Raises CovidCoreError for options that contradict each other."""
    if options.resume and not options.csv:
        raise CovidCoreError("--resume goes on with a file", "Name it: --csv FILE --resume")
    if options.sign and not options.bundle:
        raise CovidCoreError("--sign signs case bundles", "Ask for them: --bundle DIR --sign KEY")
    overlays = options.saliency and options.saliency.resolve()
    for path in options.paths:
        if overlays and path.is_dir() and path.resolve() == overlays:
            raise CovidCoreError(
                "its overlays would be taken for radiographs",
                "Name another folder for --saliency",
                file=str(path),
            )


def _films(options: Options, tally: Tally) -> Iterator[UnreadFilm]:
    """The radiographs of what was given, found one by one; `tally` takes what is passed over."""
    for path in options.paths:
        if path.is_dir():
            for film in films_below(path, leave_out=options.saliency, note=tally.note):
                yield UnreadFilm(str(film), partial(read_file, film))
        elif is_zip(read_head(path) or b""):
            items = zip_members(path, tally.note)
            yield from (UnreadFilm(item.name, item.radiograph) for item in items)
        else:
            yield UnreadFilm(str(path), partial(read_file, path))


def _total(options: Options) -> int | None:
    """How many radiographs there are, for the progress bar.

    None where nobody looks at it, or where counting takes too long.
    """
    if not sys.stderr.isatty():
        return None
    late, count = time.monotonic() + _COUNTING_S, 0
    for _ in _films(options, Tally()):
        count += 1
        if time.monotonic() > late:
            return None
    return count


def _written(options: Options, scoring: Scoring, terms: Terms) -> int:
    """The exit status, once each row is written as it came and what became of all is reported."""
    total = _total(options)
    with ExitStack() as outputs:
        emit = [_json_array(outputs)] if options.json else []
        ledger: Ledger | None = None
        if options.csv:
            ledger = outputs.enter_context(open_ledger(options.csv, terms, resume=options.resume))
            emit.append(ledger.write)
        elif not options.json:
            emit.append(_csv_rows(terms.names))
        count, failed = (ledger.kept, ledger.failed) if ledger else (0, 0)
        tally = open_tally(options.list_passed_over)
        found = _films(options, tally)
        films = (film for film in found if not (ledger and ledger.holds(film.name)))
        made = outputs.enter_context(closing(rows(films, scoring, workers=options.workers)))
        said, reason = [], ""
        bar = tqdm(unit="radiograph", total=total, initial=count, disable=None)
        for row in _progress(made, bar):
            count += 1
            said.append(Tier(row["tier"]))
            if row["decision"] in UNANSWERED:
                failed, reason = failed + 1, f"{row['file']}: {row['reason']}"
            for write in emit:
                write(row)
    print_tally(tally)
    if said:
        new = "new radiograph" if ledger and ledger.kept else "radiograph"
        unchecked = "" if scoring.explain else f"\n{_UNCHECKED}"
        print(f"{counted(len(said), new)}: {tiers_in_words(said)}{unchecked}", file=sys.stderr)
    _say_what_failed(options, ledger, count, failed, reason)
    return SOME_FAILED if failed else DONE


def _say_what_failed(
    options: Options, ledger: Ledger | None, count: int, failed: int, reason: str
) -> None:
    """How many of `count` files got no prediction, and where the reasons are; `reason`: one's."""
    if ledger and ledger.not_given:
        print(f"{ledger.not_given} of the rows are of files that were not given", file=sys.stderr)
    if failed:
        print(f"{failed} of {count} files got no prediction", file=sys.stderr)
        if failed == 1 and reason:
            print(reason, file=sys.stderr)
        else:
            where = options.csv or "what was printed"
            print(f"the reasons are in the column reason of {where}", file=sys.stderr)


def _progress(made: Iterator[Row], bar: tqdm[Row]) -> Iterator[Row]:
    """The rows, shown by a bar; where there is no terminal, by a line now and then."""
    late = time.monotonic() + _LINE_S
    with bar:
        for done, row in enumerate(made, start=1):
            yield row
            bar.update()
            if bar.disable and time.monotonic() > late:
                print(f"{counted(done, 'radiograph')} done", file=sys.stderr, flush=True)
                late = time.monotonic() + _LINE_S


def _explainer(predictor: Predictor, options: Options, lanes: Lanes) -> Explain | None:
    """A function that checks an answer, and writes its overlay and bundle; None for none."""
    if not (options.checks or options.saliency or options.bundle):
        return None
    # What draws takes long to import, and few ask for it.
    from covid_core.batch.per_film_outputs import output_writer
    from covid_core.case.reader import CaseReader
    from covid_core.explain.known_films import KnownFilms
    from covid_core.exports.signature import read_signing_key
    from covid_core.predict.lungs import NAME, Lungs

    signing = read_signing_key(options.sign) if options.sign else None
    for folder in filter(None, (options.saliency, options.bundle)):
        folder.mkdir(parents=True, exist_ok=True)
    wants_known = options.checks or options.bundle
    known = KnownFilms.load(options.weights, predictor.card) if wants_known else None
    lungs = Lungs.load(find_part(options.weights, NAME), options.engine, lanes)
    reader = CaseReader(predictor, lungs, known)
    return output_writer(
        reader,
        overlays=options.saliency,
        bundles=options.bundle,
        prevalence=options.prevalence,
        signing=signing,
    )


def _csv_rows(names: tuple[str, ...]) -> Callable[[Row], None]:
    if isinstance(sys.stdout, io.TextIOWrapper):  # rows have line ends and letters of their own
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    write = row_writer(sys.stdout, names)

    def flushed(row: Row) -> None:
        write(row)
        sys.stdout.flush()

    return flushed


def _json_array(outputs: ExitStack) -> Callable[[Row], None]:
    """One JSON array on the standard output, a row a line, each printed as it comes."""
    separators = chain(["[\n"], repeat(",\n"))
    outputs.callback(lambda: print("\n]" if next(separators) == ",\n" else "[]"))
    return lambda row: print(next(separators), json.dumps(row), sep="", end="", flush=True)
