"""`manifest DIR...`: dataset folders to one table; `manifest check FILE` proves its split."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from covid_core.commands.arguments import (
    CACHE,
    ListPassedOver,
    SkipUnknown,
    open_tally,
    print_tally,
)
from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.datasets.case import Selection
from covid_core.datasets.columns import COLUMNS
from covid_core.engines.engine import cores
from covid_core.findings import CLASSES
from covid_core.read.radiograph import View

if TYPE_CHECKING:
    from covid_core.datasets.compile import Compilation


EPILOG = "\n\n".join(
    (
        "\b\ncolumns:\n" + "\n".join(f"  {n:<16} {says}" for n, (_, says) in COLUMNS.items()),
        "python -m covid_core manifest check FILE proves its split.",
    )
)


def as_view(name: str) -> View:
    """PA or AP. Raises BadParameter."""
    if name not in (View.PA, View.AP):
        raise BadParameter(f"{name} is neither PA nor AP")
    return View(name)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Datasets to one table, a row a radiograph."""

    folders: Annotated[list[Path], Argument(metavar="DIR", help="datasets, or folders")]
    out: Annotated[Path, Option("--out", metavar="FILE", help=".parquet or .csv")]
    report: Annotated[
        Path | None, Option("--report", metavar="FILE", help="write an HTML report there")
    ] = None
    holdout_source: Annotated[
        list[str],
        Option(
            "--holdout-source",
            default_factory=list,
            show_default=False,
            metavar="NAME",
            help="keep a whole source out of training; can be given again",
        ),
    ]
    views: Annotated[
        list[View],
        Option(
            "--views",
            parser=as_view,
            default_factory=list,
            show_default=False,
            metavar="PA|AP...",
            help="only these, of the datasets that state views",
        ),
    ]
    lung_opacity: Annotated[
        bool,
        Option(
            "--lung-opacity",
            help="take folders called Lung_Opacity, of every cause, as pneumonia",
        ),
    ] = False
    skip_bad: Annotated[
        bool,
        Option(
            "--skip-bad",
            help="leave damaged files out, and name them in FILE's .quarantine.csv; without it they"
            " are named and nothing is made",
        ),
    ] = False
    skip_unknown: SkipUnknown = False
    list_passed_over: ListPassedOver = False
    seed: Annotated[int, Option("--seed", help="of the split")] = 0
    keep_split: Annotated[
        Path | None,
        Option(
            "--keep-split",
            metavar="FILE",
            help="an earlier manifest whose radiographs stay in their parts, so that weights"
            " trained on it can be trained further, or measured on new datasets",
        ),
    ] = None
    cache: Annotated[
        Path,
        Option(
            "--cache",
            metavar="DIR",
            help="where it is kept what each radiograph looked like, for the next time",
        ),
    ] = CACHE


def run(options: Options) -> int:
    """Make one table of dataset folders; the exit status."""
    from covid_core.datasets.compile import compile_manifest
    from covid_core.datasets.manifest import (
        check_name,
        read_manifest,
        write_left_out,
        write_manifest,
        write_overruled,
    )
    from covid_core.datasets.report.report import write_exploration
    from covid_core.datasets.split import Split

    check_name(options.out)  # before an hour's work
    tally = open_tally(options.list_passed_over)
    compiled = compile_manifest(
        options.folders,
        options.cache,
        workers=cores(),
        seed=options.seed,
        held_out=options.holdout_source,
        selection=Selection(frozenset(options.views), options.lung_opacity, options.skip_unknown),
        skip_bad=options.skip_bad,
        kept=read_manifest(options.keep_split) if options.keep_split else None,
        note=tally.note,
    )
    write_manifest(compiled.table, options.out)
    left_out = options.out.with_suffix(".left-out.csv")
    write_left_out(compiled.left_out, left_out)
    if options.skip_bad:
        write_left_out(compiled.damaged, options.out.with_suffix(".quarantine.csv"))
    _say_left_out(compiled, left_out)
    print_tally(tally)
    overruled = int((compiled.table["split"] == Split.OVERRULED.value).sum())
    if overruled:
        named = options.out.with_suffix(".overruled.csv")
        write_overruled(compiled.table, named)
        print(
            f"{overruled} files are filed otherwise than a radiologist read the same picture, whose"
            f" reading counts; {named} names each",
            file=sys.stderr,
        )
    if options.report:
        write_exploration(compiled, options.report)
    print(_summary(compiled))
    return DONE


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """Prove that no patient and no picture is on two sides of a manifest's split."""

    manifest: Annotated[
        Path, Argument(metavar="FILE", help="that `manifest` made, .parquet or .csv")
    ]


def run_check(options: CheckOptions) -> int:
    """Print what is on two sides of a manifest's split; the exit status."""
    from covid_core.datasets.manifest import read_manifest
    from covid_core.datasets.split import overlaps

    table = read_manifest(options.manifest)
    complaints = overlaps(table)
    for complaint in complaints:
        print(complaint)
    films = f"{len(table)} radiographs"
    print(f"{films}: {len(complaints)} overlaps" if complaints else f"{films}: the split is clean")
    return SOME_FAILED if complaints else DONE


def _say_left_out(compiled: Compilation, path: Path) -> None:
    if compiled.left_out:
        print(f"{len(compiled.left_out)} files were left out; {path} names each:", file=sys.stderr)
    reasons = Counter((left.source, left.reason) for left in compiled.left_out)
    for (source, reason), files in sorted(reasons.items()):
        print(f"  {source}: {files} files: {reason}", file=sys.stderr)


def _summary(compiled: Compilation) -> str:
    import pandas as pd

    from covid_core.datasets.split import counts

    rows = [
        (split, source, *(classes.get(label, 0) for label in (*CLASSES, "")))
        for split, sources in counts(compiled.table).items()
        for source, classes in sources.items()
    ]
    header = ["split", "source", *map(str, CLASSES), "unlabelled"]
    table = pd.DataFrame(rows, columns=header).to_string(index=False)
    pairs = len(compiled.twins.pairs)
    return f"{table}\n\n{len(compiled.table)} radiographs, {pairs} pairs of twins"
