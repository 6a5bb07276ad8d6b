"""`bench train`, `bench predict`: how fast it is, beside the plain way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option

from covid_core.commands.arguments import Recipe, Weights
from covid_core.commands.status import DONE
from covid_core.engines import machine
from covid_core.model.architectures import DENSENET121, TITLES
from covid_core.model.card import SHIPPED, WEIGHTS
from covid_core.present.markdown import table

if TYPE_CHECKING:
    from covid_core.bench.predict import Speed
    from covid_core.bench.training import Pace


def as_architecture(name: str) -> str:
    """The name of a backbone. Raises BadParameter."""
    if name not in TITLES:
        raise BadParameter(f"{name} is none of {', '.join(TITLES)}")
    return name


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Measure the speed of training steps, on phantoms."""

    steps: Annotated[int, Option("--steps", help="how many are timed")] = 20
    batch_size: Annotated[int, Option("--batch-size", help="radiographs in each step")] = 32
    architecture: Annotated[
        str,
        Option(
            "--architecture",
            parser=as_architecture,
            metavar="NAME",
            help=f"backbone to train, of {', '.join(TITLES)}",
        ),
    ] = DENSENET121
    compile: Annotated[bool, Option("--compile", help="ours by torch.compile")] = False


def run_train(options: TrainOptions) -> int:
    """Measure how fast training is; the exit status."""
    import torch

    from covid_core.bench.training import bench
    from covid_core.engines.memory import pick_device

    device = pick_device()
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    measured = bench(
        steps=options.steps,
        batch_size=options.batch_size,
        device=device,
        architecture=options.architecture,
        compiled=options.compile,
    )
    print(f"{options.architecture}, 224 px, {options.batch_size} radiographs a step, {name}")
    print(f"ours   {_described(measured.ours)}")
    print(f"plain  {_described(measured.plain)}")
    print(f"ratio  {measured.ratio:.2f}")
    print(f"augmentation alone, radiographs/s: {measured.augmented:.0f} as a batch,")
    print(f"               {measured.augmented_singly:.0f} one by one, torchvision's transforms")
    print(f"of the device: {measured.matrix_share:.0%} of its bfloat16 matrix rate,")
    print(f"               {measured.memory_share:.0%} of its memory bandwidth at most")
    return DONE


def _described(pace: Pace) -> str:
    return f"{pace.films_per_s:8.1f} radiographs/s, {pace.waiting:.1%} of the time waiting for them"


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """Measure the speed of one radiograph from its file to probability and Grad-CAM."""

    weights: Weights = WEIGHTS
    recipe: Recipe = SHIPPED
    rounds: Annotated[
        int, Option("--rounds", help="how often each radiograph is read; the median counts")
    ] = 10
    against: Annotated[
        Path | None,
        Option(
            "--against",
            metavar="CHECKOUT",
            help="another checkout of this project, measured in turns with this one; by its own"
            " weights, or by those of --weights",
        ),
    ] = None


def run_predict(options: PredictOptions) -> int:
    """Measure how fast a radiograph is answered; the exit status."""
    from covid_core.bench.predict import measure

    speed = measure(options.weights, options.recipe, rounds=options.rounds, against=options.against)
    print(f"{machine.described()}; {speed.used}; medians, all sides in turns\n")
    for part in (_whole(speed), _profile(speed), _forward(speed)):
        print(part, end="\n\n")
    return DONE


def _whole(speed: Speed) -> str:
    """The table of times from a file's bytes to probability and evidence."""
    from covid_core.bench.predict import OURS

    limit = min(speed.limits.values())
    peers = [side for side in next(iter(speed.whole.values())) if side != OURS]
    rows = [
        [
            file,
            _ms(sides[OURS]),
            _ms(mean),
            f"{mean / limit:.1f}",
            *(f"{_ms(sides[peer])}, {sides[peer] / mean:.1f} x" for peer in peers),
        ]
        for file, sides in speed.whole.items()
        for mean in [sides[OURS] + speed.again]
    ]
    average = "with second looks, on average"
    header = ["file to probability and heat, ms", OURS, average, "times the least limit", *peers]
    return table(header, rows)


def _profile(speed: Speed) -> str:
    """What each stage of ours takes, and how much of the forward pass reading and preparing are."""
    from covid_core.bench.predict import DECODE, FORWARD, GATE, PREPARE

    stages = list(next(iter(speed.stages.values())))
    rows = [
        [
            file,
            *(_ms(own[stage]) for stage in stages),
            *(
                f"{sum(own[part] for part in parts) / own[FORWARD]:.0%}"
                for parts in ((DECODE, PREPARE), (DECODE, PREPARE, GATE))
            ),
        ]
        for file, own in speed.stages.items()
    ]
    shares = ["decode and prepare, of the forward pass", "with the gate"]
    return table(["ours, ms", *stages, *shares], rows)


def _forward(speed: Speed) -> str:
    """The engines, and the least that the machine could take."""
    own = speed.engines[speed.used]
    rows = [[name, _ms(time), f"{time / own:.2f}"] for name, time in speed.engines.items()]
    limits = [
        [
            f"limit: {speed.operations / 1e9:.2f} GFLOP at the matrix rate in {precision}",
            _ms(limit),
            f"{limit / own:.2f}",
        ]
        for precision, limit in speed.limits.items()
    ]
    return table(["forward pass, ms", "", "times that of ours"], rows + limits)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f}"
