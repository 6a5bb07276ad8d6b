"""`manifest DIR...`: dataset folders to one table; `manifest check FILE` proves its split."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.datasets.case import Selection
from covid_core.datasets.compile import Compilation, compile_manifest
from covid_core.datasets.manifest import (
    COLUMNS,
    check_name,
    read_manifest,
    write_left_out,
    write_manifest,
    write_overruled,
)
from covid_core.datasets.report.report import write_exploration
from covid_core.datasets.split import Split, counts, overlaps
from covid_core.findings import CLASSES
from covid_core.read.radiograph import View

_CHECK = "manifest check"


def add(commands: Any) -> None:
    columns = "\n".join(f"  {name:<16} {meaning}" for name, (_, meaning) in COLUMNS.items())
    make: argparse.ArgumentParser = commands.add_parser(
        "manifest",
        help="datasets to one table, with twins grouped and a clean split",
        description="Datasets to one table, a row a film.",
        epilog=f"columns:\n{columns}\n\npython -m covid_core manifest check FILE proves its split.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    make.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="datasets, or folders")
    make.add_argument("--out", type=Path, required=True, metavar="FILE", help=".parquet or .csv")
    make.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report there")
    make.add_argument(
        "--holdout-source", action="append", default=[], metavar="NAME",
        help="keep a whole source out of training; can be given again",
    )  # fmt: skip
    make.add_argument(
        "--views", nargs="+", type=View, choices=(View.PA, View.AP), default=[],
        help="only these, of the datasets that state views",
    )  # fmt: skip
    make.add_argument(
        "--lung-opacity", action="store_true",
        help="take the Radiography Database's Lung_Opacity as pneumonia",
    )  # fmt: skip
    make.add_argument(
        "--skip-bad", action="store_true",
        help="leave damaged files out, and name them in FILE's .quarantine.csv; without it they are"
        " named and nothing is made",
    )  # fmt: skip
    make.add_argument("--seed", type=int, default=0, help="of the split")
    make.add_argument(
        "--keep-split", type=Path, metavar="FILE",
        help="an earlier manifest whose films stay on their sides, so that weights trained on it"
        " can be trained further, or measured on new datasets",
    )  # fmt: skip
    make.add_argument(
        "--cache", type=Path, default=Path("runs/cache"), metavar="DIR",
        help="where it is kept what each film looked like, for the next time",
    )  # fmt: skip
    make.set_defaults(command=_make)
    check: argparse.ArgumentParser = commands.add_parser(
        _CHECK, help="prove that no patient and no picture is on two sides of a manifest's split"
    )
    check.add_argument("manifest", type=Path, metavar="FILE")
    check.set_defaults(command=_check)


def _make(options: argparse.Namespace) -> int:
    check_name(options.out)  # before an hour's work
    compiled = compile_manifest(
        options.folders, options.cache, workers=os.cpu_count() or 1, seed=options.seed,
        held_out=options.holdout_source,
        selection=Selection(frozenset(options.views), options.lung_opacity),
        skip_bad=options.skip_bad,
        kept=read_manifest(options.keep_split) if options.keep_split else None,
    )  # fmt: skip
    write_manifest(compiled.table, options.out)
    left_out = options.out.with_suffix(".left-out.csv")
    write_left_out(compiled.left_out, left_out)
    if options.skip_bad:
        write_left_out(compiled.damaged, options.out.with_suffix(".quarantine.csv"))
    _say_left_out(compiled, left_out)
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


def _check(options: argparse.Namespace) -> int:
    table = read_manifest(options.manifest)
    complaints = overlaps(table)
    for complaint in complaints:
        print(complaint)
    films = f"{len(table)} films"
    print(f"{films}: {len(complaints)} overlaps" if complaints else f"{films}: the split is clean")
    return SOME_FAILED if complaints else DONE


def _say_left_out(compiled: Compilation, path: Path) -> None:
    if compiled.left_out:
        print(f"{len(compiled.left_out)} files were left out; {path} names each:", file=sys.stderr)
    reasons = Counter((left.source, left.reason) for left in compiled.left_out)
    for (source, reason), files in sorted(reasons.items()):
        print(f"  {source}: {files} files: {reason}", file=sys.stderr)


def _summary(compiled: Compilation) -> str:
    rows = [
        (split, source, *(classes.get(label, 0) for label in (*CLASSES, "")))
        for split, sources in counts(compiled.table).items()
        for source, classes in sources.items()
    ]
    header = ["split", "source", *map(str, CLASSES), "unlabelled"]
    table = pd.DataFrame(rows, columns=header).to_string(index=False)
    return f"{table}\n\n{len(compiled.table)} films, {len(compiled.twins.pairs)} pairs of twins"
