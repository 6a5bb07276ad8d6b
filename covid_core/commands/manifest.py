"""`manifest DIR...`: dataset folders to one table; `manifest check FILE` proves its split."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from covid_core.commands.arguments import open_tally, print_tally
from covid_core.commands.status import DONE, SOME_FAILED
from covid_core.datasets.case import Selection
from covid_core.datasets.compile import Compilation, compile_manifest
from covid_core.datasets.manifest import (
    check_name,
    read_manifest,
    write_left_out,
    write_manifest,
    write_overruled,
)
from covid_core.datasets.report.report import write_exploration
from covid_core.datasets.split import Split, counts, overlaps
from covid_core.findings import CLASSES


def run(options: argparse.Namespace) -> int:
    """Make one table of dataset folders; the exit status."""
    check_name(options.out)  # before an hour's work
    tally = open_tally(options)
    compiled = compile_manifest(
        options.folders,
        options.cache,
        workers=os.cpu_count() or 1,
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


def run_check(options: argparse.Namespace) -> int:
    """Print what is on two sides of a manifest's split; the exit status."""
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
