"""`gate`: train the network that says whether a picture may be judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from covid_core.commands.status import DONE
from covid_core.model.audit import Displays
from covid_core.predict.gate import GATE


@dataclass(frozen=True, kw_only=True)
class Options:
    """Train the network that says whether a picture may be judged.

    On the radiographs of a manifest, spoilt on purpose, and on drawn pictures of other things; pick
    thresholds on the validation part and measure on the rest.
    """

    manifest: Annotated[
        Path,
        Argument(metavar="MANIFEST", help="with the radiographs to train, validate and measure on"),
    ]
    out: Annotated[
        Path,
        Option(
            "--out",
            metavar="DIR",
            show_default="this project's own gate",
            help="folder for the gate's weights",
        ),
    ] = GATE
    steps: Annotated[int, Option("--steps", help="of training")] = 1200
    films: Annotated[int, Option("--radiographs", help="how many train, at most")] = 5000
    displays_only: Annotated[
        bool,
        Option(
            "--displays-only",
            help="keep the gate in --out, and train only how it knows several images, screenshots"
            " and photos",
        ),
    ] = False
    seed: Annotated[
        int,
        Option("--seed", help="of the network's first weights, and of how radiographs are spoilt"),
    ] = 0


def run(options: Options) -> int:
    """Train the network that says whether a picture may be judged; the exit status."""
    from covid_core.training.gate.fit import make_gate

    card = make_gate(
        options.manifest,
        options.out,
        steps=options.steps,
        films=options.films,
        seed=options.seed,
        displays_only=options.displays_only,
    )
    for source, figures in card.measured.sources.items():
        print(f"{source}: {figures['refused']:.1%} of {figures['n']} good radiographs refused")
    for kind, figures in card.measured.kinds.items():
        seen = "trained" if figures["trained"] else "never trained"
        print(f"{kind} ({seen}): AUROC {figures['auroc']:.3f}, {figures['abstains']:.1%} refused")
    for kind, figures in (card.measured.displays or Displays()).kinds.items():
        seen = "trained" if figures["trained"] else "never trained"
        print(f"{kind} ({seen}): {figures['refused']:.1%} refused, {figures['named']:.1%} as such")
    return DONE
