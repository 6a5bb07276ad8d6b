"""`predict PATH...`: score radiographs, one row a file."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from covid_core.collection import Item, members, refused
from covid_core.commands.status import DONE, SOME_FAILED, WRONG_USE
from covid_core.datasets.layouts.films import films_in
from covid_core.decision import BALANCED, POINTS
from covid_core.errors import CovidCoreError, RefusedFile, foreseen
from covid_core.lungs import Lungs
from covid_core.overlay import blend, displayed, png
from covid_core.predictor import Predictor
from covid_core.radiograph import Radiograph
from covid_core.reading import read_file, read_radiograph
from covid_core.report import DISCLAIMER, columns, error_row, prediction_row, row_writer
from covid_core.weights import SHIPPED, WEIGHTS

_OVERLAY_LONGEST_PX = 1024
_OVERLAY_OPACITY = 0.5

Film = tuple[str, Callable[[], Radiograph]]  # its file's name, and what reads it


def add(commands: Any) -> None:
    predict: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="score radiographs",
        description=f"Score radiographs: one row a file. {DISCLAIMER}",
    )
    predict.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, folders, ZIPs")
    predict.add_argument("--csv", type=Path, metavar="FILE", help="write the rows there")
    predict.add_argument("--json", action="store_true", help="print the rows as JSON, one a line")
    predict.add_argument(
        "--saliency", type=Path, metavar="DIR", help="write Grad-CAM overlays there"
    )
    predict.add_argument(
        "--operating-point", choices=POINTS, default=BALANCED, dest="point",
        help="where COVID-19 is called: rule-out misses few, rule-in calls few wrongly",
    )  # fmt: skip
    predict.add_argument(
        "--prevalence", type=_share, metavar="SHARE",
        help="of COVID-19 among your films, such as 0.1: gives each call's predictive value",
    )  # fmt: skip
    predict.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR")
    predict.add_argument(
        "--recipe", default=SHIPPED, metavar="NAME", help="whose weights of that folder to use"
    )
    predict.set_defaults(command=_predict)


def _predict(options: argparse.Namespace) -> int:
    films = list(_films(options.paths))
    if not films:
        print("there is no film in what was given", file=sys.stderr)
        return WRONG_USE
    predictor = Predictor.load(options.weights, options.recipe)
    predictor.card.rules.point(options.point)  # said before the first film is read
    progress = tqdm(films, unit="film", disable=None)
    try:
        failed = _write(
            _rows(predictor, progress, options), columns(predictor.card.classes), options
        )
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{error.filename}: it can't be written ({error.strerror})", file=sys.stderr)
        return WRONG_USE
    if failed:
        print(f"{failed} of {len(films)} files got no prediction", file=sys.stderr)
    return SOME_FAILED if failed else DONE


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share lies from 0 to 1")
    return share


def _films(paths: Iterable[Path]) -> Iterator[Film]:
    for path in paths:
        if path.is_dir():
            yield from ((str(film), partial(read_file, film)) for film in films_in(path))
        elif path.suffix.lower() == ".zip" and path.is_file():
            yield from ((item.name, partial(_read_item, item)) for item in _zipped(path))
        else:
            yield str(path), partial(read_file, path)


def _zipped(path: Path) -> list[Item]:
    try:
        return members(path.read_bytes(), path.name)
    except RefusedFile as error:
        return [refused(path.name, error)]


def _read_item(item: Item) -> Radiograph:
    return read_radiograph(item.read())


def _rows(
    predictor: Predictor, films: Iterable[Film], options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    overlays: Path | None = options.saliency
    lungs = Lungs.load() if overlays else None
    if overlays:
        overlays.mkdir(parents=True, exist_ok=True)
    for file, read in films:
        try:
            with foreseen():
                radiograph = read()
                prediction = predictor.predict(radiograph, options.point)
        except CovidCoreError as error:
            yield error_row(file, error, predictor.card.classes)
            continue
        inside = None
        if overlays and lungs:
            saliency = predictor.explain(prediction, prediction.label)
            label = prediction.label.replace(" ", "-")
            name = f"{Path(file).stem}.{label}.{radiograph.sha256[:8]}.png"
            film = displayed(radiograph.pixels, _OVERLAY_LONGEST_PX)
            overlay = blend(film, saliency.heat(*film.shape), _OVERLAY_OPACITY)
            (overlays / name).write_bytes(png(overlay))
            inside = saliency.share_inside(lungs.inside(radiograph.pixels))
        yield prediction_row(file, prediction, heat_in_lungs=inside, prevalence=options.prevalence)


def _write(
    rows: Iterable[dict[str, Any]], names: Sequence[str], options: argparse.Namespace
) -> int:
    """Write each row as it comes, and count the files that got no prediction."""
    failed = 0
    with contextlib.ExitStack() as open_files:
        emit = [_json_array(open_files)] if options.json else []
        if options.csv:
            # A file name may hold bytes that are no text: it must not stop the others.
            file = options.csv.open("w", newline="", encoding="utf-8", errors="backslashreplace")
            emit.append(_csv_rows(open_files.enter_context(file), names))
        elif not options.json:
            emit.append(_csv_rows(sys.stdout, names))
        for row in rows:
            failed += row["decision"] in ("error", "abstained")
            for write in emit:
                write(row)
    return failed


def _csv_rows(file: TextIO, names: Sequence[str]) -> Callable[[dict[str, Any]], None]:
    write = row_writer(file, names)

    def flushed(row: dict[str, Any]) -> None:
        write(row)
        file.flush()

    return flushed


def _json_array(open_files: contextlib.ExitStack) -> Callable[[dict[str, Any]], None]:
    """One JSON array on the standard output, a row a line, each printed as it comes."""
    separators = itertools.chain(["[\n"], itertools.repeat(",\n"))
    open_files.callback(lambda: print("\n]" if next(separators) == ",\n" else "[]"))
    return lambda row: print(next(separators), json.dumps(row), sep="", end="", flush=True)
