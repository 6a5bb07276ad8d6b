"""`bench train`: how fast training is, beside the plain way."""

from __future__ import annotations

import argparse
from typing import Any

import torch

from covid_core.commands.status import DONE
from covid_core.networks import ARCHITECTURES, DENSENET121
from covid_core.training.bench import Pace, bench


def add(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench", help="measure speed, side by side with the plain way"
    )
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    train = kinds.add_parser("train", help="training steps, on phantoms")
    train.add_argument("--steps", type=int, default=20)
    train.add_argument("--batch-size", type=int, default=32)
    train.add_argument("--architecture", choices=ARCHITECTURES, default=DENSENET121)
    train.add_argument("--compile", action="store_true", help="ours by torch.compile")
    train.set_defaults(command=_train)


def _train(options: argparse.Namespace) -> int:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    measured = bench(
        steps=options.steps, batch_size=options.batch_size, device=device,
        architecture=options.architecture, compiled=options.compile,
    )  # fmt: skip
    print(f"{options.architecture}, 224 px, {options.batch_size} films a step, {name}")
    print(f"ours   {_told(measured.ours)}")
    print(f"plain  {_told(measured.plain)}")
    print(f"ratio  {measured.ratio:.2f}")
    print(f"augmentation alone, films/s: {measured.augmented:.0f} as a batch,")
    print(f"               {measured.augmented_singly:.0f} film by film, torchvision's transforms")
    print(f"of the device: {measured.matrix_share:.0%} of its bfloat16 matrix rate,")
    print(f"               {measured.memory_share:.0%} of its memory bandwidth at most")
    return DONE


def _told(pace: Pace) -> str:
    return f"{pace.films_per_s:8.1f} films/s, {pace.waiting:.1%} of the time waiting for films"
