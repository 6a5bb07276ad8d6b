"""`cluster URL --out URL`: score an archive on the machines of a Ray cluster."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from tqdm import tqdm

from covid_core.batch.ledger import Terms
from covid_core.cluster.parquet_table import open_table
from covid_core.cluster.places import Place
from covid_core.cluster.scoring import Job, connected, score_archive
from covid_core.commands.arguments import open_tally, print_tally
from covid_core.commands.status import DONE, SOME_FAILED, STOPPED, WRONG_USE
from covid_core.engines.engine import Lanes
from covid_core.model.card import read_card
from covid_core.predict.predictor import Predictor


def run(options: argparse.Namespace) -> int:
    """Score an archive on the machines of a Ray cluster; the exit status."""
    tally = open_tally(options)
    if next(Place.of(options.url).films(tally.note), None) is None:
        print("there is no film in what was given", file=sys.stderr)
        print_tally(tally)
        return WRONG_USE
    try:
        return _scored(options)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        print(f"{Place.of(options.out).title}: it can't be written ({reason})", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print("stopped: what was done is written; the same command goes on", file=sys.stderr)
        return STOPPED


def _scored(options: argparse.Namespace) -> int:
    card = read_card(options.weights, options.recipe)
    terms = Terms.of(card, options.point, options.prevalence)
    lanes = Lanes(films=1, threads=1)  # a worker has one core
    load = partial(Predictor.load, options.weights.resolve(), options.recipe, lanes=lanes)
    scored = failed = 0
    tally = open_tally(options)
    with (
        connected(options.address, options.workers) as workers,
        open_table(Place.of(options.out), terms) as table,
        tqdm(unit="film", disable=None) as progress,
    ):
        job = Job(Place.of(options.url), table.drafts, load, card.classes, options.prevalence)
        for part in score_archive(job, table, workers, note=tally.note):
            scored, failed = scored + part.films, failed + part.failed
            progress.update(part.films)
    print_tally(tally)
    print(f"{scored} films scored, {failed} of them got no prediction", file=sys.stderr)
    return SOME_FAILED if failed else DONE
