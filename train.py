"""Train the chest-radiograph reader on your own films.

    python train.py --data DIR --out weights/
    python train.py --data DIR --out weights/ --init random --stages 128:6,224:1
    python train.py --data DIR --out weights/ --resume

DIR is a public dataset as downloaded, a folder of several, a folder with normal/, pneumonia/ and
covid/, or a manifest of films that `python -m covid_core manifest` made. Every layer of
DenseNet-121 is trained, on the GPU where there is one. The run's checkpoint and log go to --run;
the weights, with everything needed to trust them, to --out.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import torch

from covid_core.datasets.compile import compile_manifest
from covid_core.datasets.manifest import read_manifest
from covid_core.datasets.split import counts
from covid_core.errors import CovidCoreError
from covid_core.evaluation.evaluate import evaluate, full_heat
from covid_core.model_card import write_model_card
from covid_core.networks import DenseNet121, initial_state, initialise
from covid_core.preprocess import Preprocess
from covid_core.training.films import load_films
from covid_core.training.loop import Schedule, fit
from covid_core.weights import save_weights


def parse_stages(text: str) -> tuple[tuple[int, float], ...]:
    """`128:6,224:1` to ((128, 6.0), (224, 1.0)): film size in px, epochs."""
    pairs = [stage.split(":") for stage in text.split(",")]
    return tuple((int(size), float(epochs)) for size, epochs in pairs)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of films, or a manifest")
    add("--out", type=Path, default=Path("weights"), help="folder for the weights")
    add("--run", type=Path, default=Path("runs/densenet121"), help="folder for checkpoint and log")
    add("--init", default="imagenet", help="imagenet, random, or a file of weights")
    add("--holdout-source", action="append", default=[], metavar="NAME", help="never train on it")
    add("--stages", type=parse_stages, default="224:12", help="film px:epochs, comma between")
    add("--fit", choices=("squash", "pad"), default="squash", help="how a film is made square")
    add("--batch-size", type=int, default=64)
    add("--learning-rate", type=float, default=1e-3, help="at its highest")
    add("--weight-decay", type=float, default=0.05)
    add("--label-smoothing", type=float, default=0.05)
    add("--averaging", type=float, default=0.995, help="decay of the averaged weights")
    add("--checkpoint-every", type=int, default=100, metavar="STEPS")
    add("--seed", type=int, default=0)
    add("--resume", action="store_true", help="go on from the run's checkpoint")
    return parser.parse_args(arguments)


def train(options: argparse.Namespace) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    preprocess = Preprocess(fit=options.fit)
    cache, workers = options.run.parent / "cache", os.cpu_count() or 1
    if options.data.is_file():
        table = read_manifest(options.data)
    else:
        compiled = compile_manifest(
            [options.data], cache, workers=workers, seed=options.seed,
            held_out=options.holdout_source,
        )  # fmt: skip
        table = compiled.table
        for reason, films_left in Counter(left.reason for left in compiled.left_out).items():
            print(f"left out, {films_left} films: {reason}", file=sys.stderr)
    films = load_films(table, preprocess, cache, workers=workers)

    torch.manual_seed(options.seed)
    network = DenseNet121()
    state = initial_state(options.init)
    if state is not None:
        initialise(network, state)

    schedule = Schedule(
        options.stages, options.batch_size, options.learning_rate, options.weight_decay,
        options.label_smoothing, options.averaging, options.checkpoint_every, options.seed,
    )  # fmt: skip
    options.run.mkdir(parents=True, exist_ok=True)
    network = fit(
        network, films, preprocess, schedule, options.run, device=device, resume=options.resume
    )

    results = evaluate(network, films, preprocess, device=device)
    card = save_weights(
        network, options.out, preprocess=preprocess, results=results, films=counts(table),
        training={name: str(value) for name, value in vars(options).items()},
        full_heat=full_heat(network, films, preprocess, device=device),
    )  # fmt: skip
    write_model_card(card, options.out)


def main() -> int:
    options = parse_arguments()
    try:
        train(options)
    except CovidCoreError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder without permission
        print(f"{error}. Mend that and go on with --resume", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
