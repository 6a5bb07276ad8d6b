"""Train the chest-radiograph reader, or one of the recipes, on your own radiographs.

    python train.py --data DIR --out weights/
    python train.py --data manifest.parquet --out weights/ --init random --stages 128:6,224:1.5
    python train.py --data DIR --out weights/ --resume
    python train.py --data DIR --out runs/resnet --recipe resnet18-three-class
    python train.py --data DIR --out published --recipe resnet18-three-class --variant as-published
    torchrun --nproc-per-node=2 train.py --data DIR --out weights/

DIR is a public dataset as downloaded, a folder of several, a folder with normal/, pneumonia/ and
covid/, or a manifest of radiographs that `python -m covid_core manifest` made. The GPU is used
where there is one. The run's checkpoints and log go to --run-dir; the weights, with everything
needed to trust them, to --out. From --init on, options stand in place of what the recipe says. Exit
status: 0 done, 1 training had to stop, 2 wrong use or data that can't serve.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from covid_core.commands.arguments import open_tally, print_tally
from covid_core.commands.status import DONE, SOME_FAILED, STOPPED, WRONG_USE
from covid_core.commands.train import (
    Options,
    choose_recipe,
    default_folder,
    describe_choices,
)
from covid_core.commands.verbs import call, command_of
from covid_core.engines.engine import cores
from covid_core.errors import CovidCoreError, DatasetError
from covid_core.storage.privacy import keep_private
from covid_core.training.variant_names import Variant

if TYPE_CHECKING:  # else imported where it is used: PyTorch takes seconds, and --help needs none
    import pandas as pd
    import torch

    from covid_core.model.networks import Network
    from covid_core.model.results import Summary
    from covid_core.training.recipe import Phase, Recipe
    from covid_core.training.run import Run
    from covid_core.training.teachers import Teachers

CACHE = "cache"  # of decoded films, beside the runs' folders


def main() -> int:
    """Train by the command line, and return the exit status."""
    says = (__doc__ or "").replace("\n\n    ", "\n\n\b\n    ")  # whose lines stay as they are
    return call(command_of(Options, run, says=says), sys.argv[1:], "train.py")


def run(options: Options) -> int:
    """Train, and return the exit status."""
    from covid_core.training.processes import join_processes

    try:
        with join_processes() as device:
            make_weights(options, device)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except CovidCoreError as error:
        print(error, file=sys.stderr)
        return SOME_FAILED
    except OSError as error:  # a full disk, a folder without permission
        print(f"{error}. Put that right, then go on with --resume", file=sys.stderr)
        return SOME_FAILED
    except KeyboardInterrupt:
        print("stopped: go on with --resume", file=sys.stderr)
        return STOPPED
    return DONE


def make_weights(options: Options, device: torch.device) -> None:
    """Make weights, and the card that says what they are worth. Raises CovidCoreError."""
    import torch

    from covid_core.evaluation.measure import measure_stage, require_for_measuring
    from covid_core.model.initial_weights import initial_state, initialise
    from covid_core.model.lungs_network import load_lung_network
    from covid_core.model.networks import Network
    from covid_core.predict.lungs import LUNGS, NAME
    from covid_core.training import processes
    from covid_core.training.films import load_films
    from covid_core.training.loop import train
    from covid_core.training.run import Run, check_task_tested
    from covid_core.training.teachers import Teachers

    # The recipe: what is trained, on films prepared how, for how long.
    recipe = choose_recipe(options)
    preprocess, task = recipe.preprocess, recipe.phases[-1].task_definition
    folder = options.run or default_folder(options, recipe)
    cache = folder.parent / CACHE

    with processes.claim_folders(folder, options.out):
        # The films, decoded. What is missing is said first: decoding and training take hours.
        require_for_measuring()
        teachers = None
        if options.teacher:
            teachers = Teachers.load(options.teacher, preprocess, len(task.outputs)).to(device)
        with processes.first_process_first():  # the others find what it cached
            state = initial_state(recipe.init, recipe.architecture)
            lungs = load_lung_network(LUNGS, NAME)[0].to(device) if recipe.surroundings else None
            table = load_manifest(options, recipe, folder)
            check_first_weights(options, recipe, teachers, table)
            unlabelled = teachers is not None  # a teacher answers films of no known class
            films = load_films(table, preprocess, cache, workers=cores(), unlabelled=unlabelled)
            check_task_tested(films, recipe.phases[-1])

        # The network, from ImageNet's weights, a file's or random ones.
        torch.manual_seed(options.seed)
        network = Network(
            recipe.architecture,
            len(task.outputs),
            recipe.head_plan,
            opacity=recipe.opacity_map,
            fine_opacity=recipe.fine_opacity,
            appearance=recipe.appearance,
        )
        if state is not None:
            initialise(network, state)

        # Training.
        run = Run(
            films,
            preprocess,
            recipe,
            folder,
            options.seed,
            device,
            resume=options.resume,
            checkpoint_every=options.checkpoint_every,
            compiled=options.compile,
            teachers=teachers,
            lungs=lungs,
        )
        stages: dict[str, dict[str, Summary]] = {}

        def measure_first(phase: Phase, ended_with: Network) -> None:
            if not processes.rank():
                stages[phase.task] = measure_stage(ended_with, run, phase)

        network = train(network, run, measure_first)
        if processes.rank():
            return  # the first process measures and writes for all

        write_results(options, run, network, table, stages, cache)


def write_results(
    options: Options,
    run: Run,
    network: Network,
    table: pd.DataFrame,
    stages: dict[str, dict[str, Summary]],
    cache: Path,
) -> None:
    """Write a trained network's weights and their card: what it is worth on radiographs new to it.

    `table`: the manifest; `stages`: what its earlier tasks came to; `cache`: of decoded
    radiographs. Raises CovidCoreError.
    """
    from covid_core.datasets.published import shared
    from covid_core.datasets.split import counts, fingerprint
    from covid_core.evaluation.measure import measure
    from covid_core.evaluation.within_source_measurement import add_within_sources
    from covid_core.model.card import WeightsCard, save_card
    from covid_core.model.network_files import as_stored, save_weights
    from covid_core.model.results import EpochFigures
    from covid_core.model_card.card import write_model_card
    from covid_core.training.log import read_log

    recipe, device = run.recipe, run.device
    measured = measure(network, run, cache, workers=cores())
    card = WeightsCard(
        architecture=network.architecture,
        classes=recipe.phases[-1].task_definition.outputs,
        preprocess=run.preprocess,
        films=counts(table),
        training=describe_choices(options, recipe),
        recipe=recipe.name,
        split=fingerprint(table),
        history=tuple(EpochFigures(**row) for row in read_log(run.folder)),
        rules=measured.rules,
        trust=measured.trust,
        results=measured.results.replace(shared=shared(table), stages=stages),
        full_heat=measured.full_heat,
    )
    card = save_weights(card, network, options.out)
    if options.variant is Variant.OURS:  # a study's split may share films with training
        stored = as_stored(network)
        card = add_within_sources(stored, card, table, cache, workers=cores(), device=device)
        save_card(card, options.out)
    write_model_card(card, options.out)


def check_first_weights(
    options: Options, recipe: Recipe, teachers: Teachers | None, table: pd.DataFrame
) -> None:
    """Raise DatasetError where images that tune or test taught the first weights, or a teacher.

    A study, as published or corrected, is repeated with the start that its recipe names.
    """
    from covid_core.datasets.manifest import read_manifest
    from covid_core.evaluation.learnt_from import check_start
    from covid_core.model.card import card_of

    if options.variant is not Variant.OURS:
        return
    first = card_of(Path(recipe.init))
    cards = [*([first] if first else []), *(teachers.cards if teachers else ())]
    check_start(cards, table, [read_manifest(file) for file in options.trained_on])


def load_manifest(options: Options, recipe: Recipe, folder: Path) -> pd.DataFrame:
    """The manifest given, or one made of the folder given; split as published where chosen so."""
    from covid_core.datasets.case import Selection
    from covid_core.datasets.compile import compile_manifest
    from covid_core.datasets.manifest import read_manifest, write_left_out
    from covid_core.datasets.split import check_clean, check_tested
    from covid_core.training.variants import split_in

    if options.data.is_file():
        table = read_manifest(options.data)
        check_clean(table, options.data)
    else:
        tally = open_tally(options.list_passed_over)
        compiled = compile_manifest(
            [options.data],
            folder.parent / CACHE,
            workers=cores(),
            seed=options.seed,
            held_out=options.holdout_source,
            selection=Selection(skip_unknown=options.skip_unknown),
            skip_bad=options.skip_bad,
            note=tally.note,
        )
        print_tally(tally)
        for reason, films in Counter(left.reason for left in compiled.left_out).items():
            print(f"left out, {films} radiographs: {reason}", file=sys.stderr)
        if options.skip_bad:
            write_left_out(compiled.damaged, folder / "quarantine.csv")
        table = compiled.table
    table = split_in(options.variant, table, recipe, seed=options.seed)
    check_tested(table, options.data)
    return table


if __name__ == "__main__":
    keep_private()
    sys.exit(main())
