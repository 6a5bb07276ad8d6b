"""What train.py does: films to weights, with all that is needed to trust them."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import torch

from covid_core.commands.status import DONE, SOME_FAILED, STOPPED, WRONG_USE
from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import read_manifest, write_left_out
from covid_core.datasets.published import shared
from covid_core.datasets.split import Split, check_clean, counts, fingerprint
from covid_core.errors import CovidCoreError, DatasetError
from covid_core.evaluation.evaluate import evaluate, full_heat, storage_change
from covid_core.evaluation.trust import fit_and_measure
from covid_core.evaluation.within_source_measurement import add_within_sources
from covid_core.model.card import save_card
from covid_core.model.initial_weights import initial_state, initialise
from covid_core.model.network_files import as_stored, save_weights
from covid_core.model.networks import Network
from covid_core.model_card.card import write_model_card
from covid_core.storage.locks import claimed
from covid_core.training import processes
from covid_core.training.films import load_films
from covid_core.training.log import read_log
from covid_core.training.loop import Run, films_for
from covid_core.training.loop import train as train_phases
from covid_core.training.recipe import Recipe
from covid_core.training.scoring import answer_parts
from covid_core.training.teachers import Teachers
from covid_core.training.variant_names import Variant
from covid_core.training.variants import recipe_in, split_in

CACHE = "cache"  # beside the runs' folders


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """The recipe, with what the command line says instead."""
    recipe = recipe_in(options.variant, options.recipe)

    def given(*names: str) -> dict[str, object]:
        return {n: getattr(options, n) for n in names if getattr(options, n) is not None}

    optimisation = replace(
        recipe.optimisation,
        **given("batch_size", "learning_rate", "weight_decay", "label_smoothing", "averaging"),  # type: ignore[arg-type]
    )
    phases = tuple(replace(phase, **given("stages")) for phase in recipe.phases)  # type: ignore[arg-type]
    own = given("init", "architecture", "head_depth", "fit", "smooth_px", "tone", "borders")
    return replace(recipe, phases=phases, optimisation=optimisation, **own)  # type: ignore[arg-type]


def films_table(
    options: argparse.Namespace, recipe: Recipe, run: Path, workers: int
) -> pd.DataFrame:
    """The manifest given, or one made of the folder given; split as published, where asked."""
    if options.data.is_file():
        table = read_manifest(options.data)
        check_clean(table, options.data)
    else:
        compiled = compile_manifest(
            [options.data],
            run.parent / CACHE,
            workers=workers,
            seed=options.seed,
            held_out=options.holdout_source,
            skip_bad=options.skip_bad,
        )
        for reason, films in Counter(left.reason for left in compiled.left_out).items():
            print(f"left out, {films} films: {reason}", file=sys.stderr)
        if options.skip_bad:
            write_left_out(compiled.damaged, run / "quarantine.csv")
        table = compiled.table
    return split_in(options.variant, table, recipe, seed=options.seed)


def as_text(options: argparse.Namespace, recipe: Recipe) -> dict[str, str]:
    """All that was chosen, by the command line or the recipe, for the weights' card."""
    places = ("data", "holdout_source", "seed", "variant", "teacher")
    chosen = {name: getattr(options, name) for name in places}
    chosen |= {**asdict(recipe), **asdict(recipe.optimisation)}
    left = ("name", "says", "optimisation", "published")
    return {name: str(value) for name, value in chosen.items() if name not in left}


def train(options: argparse.Namespace, device: torch.device) -> None:
    """The whole run, alone in its folders. Raises CovidCoreError."""
    recipe = chosen_recipe(options)
    run = options.run or Path("runs") / (
        recipe.name if options.variant is Variant.OURS else f"{recipe.name}-{options.variant}"
    )
    with ExitStack() as alone:
        if not processes.rank():
            for folder in sorted({run.resolve(), options.out.resolve()}):
                alone.enter_context(claimed(folder))
        train_in(run, recipe, options, device)


def train_in(run: Path, recipe: Recipe, options: argparse.Namespace, device: torch.device) -> None:
    phase = recipe.phases[-1]  # whose network it will be
    task = phase.asked
    teachers = None
    if options.teacher:
        teachers = Teachers.load(options.teacher, recipe.preprocess, len(task.outputs)).to(device)
    workers = os.cpu_count() or 1
    preprocess = recipe.preprocess
    with processes.first_alone():
        state = initial_state(recipe.init, recipe.architecture)  # first: films take hours
        table = films_table(options, recipe, run, workers)
        films = load_films(
            table,
            preprocess,
            run.parent / CACHE,
            workers=workers,
            unlabelled=bool(options.teacher),
        )

    torch.manual_seed(options.seed)
    network = Network(
        recipe.architecture,
        len(task.outputs),
        recipe.head_depth,
        opacity=recipe.opacity_map,
        appearance=recipe.appearance,
    )
    if state is not None:
        initialise(network, state)
    network = train_phases(
        network,
        Run(
            films,
            preprocess,
            recipe,
            run,
            options.seed,
            device,
            options.resume,
            options.checkpoint_every,
            options.compile,
            teachers,
        ),
    )

    if processes.rank():
        return
    asked = films_for(films, phase)
    stored = as_stored(network).to(device)
    logits = answer_parts(stored, asked, preprocess, device=device)
    try:
        rules, trust = fit_and_measure(asked, logits)
    except CovidCoreError as error:  # still worth its weights: the most probable class is called
        print(f"not calibrated: {error}", file=sys.stderr)
        rules, trust = None, {}
    results = evaluate(
        asked, logits, task=task, rules=rules, cache=run.parent / CACHE, workers=workers
    )
    results["shared"] = shared(table)
    results["storage_change"] = storage_change(
        network, asked, preprocess, logits[Split.TEST], device=device
    )
    card = save_weights(
        network,
        options.out,
        preprocess=preprocess,
        results=results,
        films=counts(table),
        training=as_text(options, recipe),
        full_heat=full_heat(network, asked, preprocess, device=device),
        recipe=recipe.name,
        classes=task.outputs,
        split=fingerprint(table),
        history=read_log(run),
        rules=rules,
        trust=trust,
    )
    if options.variant is Variant.OURS:  # a study's split may share films with training
        card = add_within_sources(
            as_stored(network), card, table, run.parent / CACHE, workers=workers, device=device
        )
        save_card(card, options.out)
    write_model_card(card, options.out)


def run(options: argparse.Namespace) -> int:
    """Train, and return the exit status."""
    try:
        with processes.joined() as device:
            train(options, device)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except CovidCoreError as error:
        print(error, file=sys.stderr)
        return SOME_FAILED
    except OSError as error:  # a full disk, a folder without permission
        print(f"{error}. Mend that and go on with --resume", file=sys.stderr)
        return SOME_FAILED
    except KeyboardInterrupt:
        print("stopped: go on with --resume", file=sys.stderr)
        return STOPPED
    return DONE
