"""`cluster URL --out URL`: score an archive on the machines of a Ray cluster."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from tqdm import tqdm
from typer import Argument, Option

from covid_core.batch.ledger import Terms
from covid_core.cluster.delta_table import Table
from covid_core.cluster.places import Place
from covid_core.cluster.scoring import Job, connected, score_archive
from covid_core.commands.arguments import (
    ListPassedOver,
    Point,
    Prevalence,
    Recipe,
    Weights,
    open_tally,
    print_tally,
)
from covid_core.commands.status import DONE, SOME_FAILED, STOPPED, WRONG_USE
from covid_core.engines.engine import Lanes
from covid_core.model.card import SHIPPED, WEIGHTS, read_card
from covid_core.predict.predictor import Predictor
from covid_core.present.rows import UNANSWERED
from covid_core.present.sentences import DISCLAIMER

EPILOG = DISCLAIMER


@dataclass(frozen=True, kw_only=True)
class Options:
    """Score the radiographs below a URL on a Ray cluster: a Delta Lake table, one row a file.

    Run it again to go on where it was stopped.
    """

    url: Annotated[
        str, Argument(metavar="URL", help="of a folder: a path, s3://…, gs://…, sftp://…")
    ]
    out: Annotated[
        str,
        Option(
            "--out", metavar="URL", help="of a Delta Lake table: a path, s3://…, gs://…, az://…"
        ),
    ]
    address: Annotated[
        str | None,
        Option(
            "--address",
            metavar="WHERE",
            help="of a running cluster, auto or ray://HOST:PORT; without it this machine alone",
        ),
    ] = None
    workers: Annotated[
        int | None,
        Option(
            "--workers",
            min=1,
            metavar="N",
            help="of one core each; else as many as there are cores",
        ),
    ] = None
    list_passed_over: ListPassedOver = False
    point: Point = "balanced"
    prevalence: Prevalence = None
    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED


def run(options: Options) -> int:
    """Score an archive on the machines of a Ray cluster; the exit status."""
    if next(Place.of(options.url).films(), None) is None:
        tally = open_tally(options.list_passed_over)
        deque(Place.of(options.url).films(tally.note), maxlen=0)
        print("there is no radiograph in what was given", file=sys.stderr)
        print_tally(tally)
        return WRONG_USE
    try:
        return _scored(options)
    except KeyboardInterrupt:
        print("stopped: what was done is written; the same command goes on", file=sys.stderr)
        return STOPPED


def _scored(options: Options) -> int:
    card = read_card(options.weights, options.recipe)
    terms = Terms.of(card, options.point, options.prevalence)
    lanes = Lanes(films=1, threads=1)  # a worker has one core
    load = partial(Predictor.load, options.weights.resolve(), options.recipe, lanes=lanes)
    films, prevalence = Place.of(options.url), options.prevalence
    job = Job(films, load, card.sha256, options.point, card.classes, prevalence)
    scored = failed = 0
    tally = open_tally(options.list_passed_over)
    with (
        connected(options.address, options.workers) as workers,
        tqdm(unit="radiograph", disable=None) as progress,
    ):
        table = Table(options.out, terms)  # begun once there are workers
        for added in score_archive(job, table, workers, note=tally.note):
            scored += len(added)
            failed += sum(row["decision"] in UNANSWERED for row in added)
            progress.update(len(added))
    print_tally(tally)
    print(f"{scored} radiographs scored, {failed} of them got no prediction", file=sys.stderr)
    if table.failed > failed:
        print(f"{table.failed} rows of the table have none", file=sys.stderr)
    return SOME_FAILED if failed or table.failed else DONE
