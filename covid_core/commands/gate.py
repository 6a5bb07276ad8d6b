"""`gate`: train the network that says whether a picture may be judged."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from covid_core.commands.status import DONE
from covid_core.predict.gate import GATE
from covid_core.training.gate.fit import make_gate


def add(commands: Any) -> None:
    gate: argparse.ArgumentParser = commands.add_parser(
        "gate",
        help="train the network that says whether a picture may be judged",
        description="Train on the films of a manifest, spoilt on purpose, and on drawn pictures of"
        " other things; pick thresholds on the validation part and measure on the rest.",
    )
    gate.add_argument("manifest", type=Path, metavar="MANIFEST")
    gate.add_argument("--out", type=Path, default=GATE, metavar="DIR")
    gate.add_argument("--steps", type=int, default=1200)
    gate.add_argument("--films", type=int, default=5000, help="how many train, at most")
    gate.add_argument("--seed", type=int, default=0)
    gate.set_defaults(command=_gate)


def _gate(options: argparse.Namespace) -> int:
    card = make_gate(
        options.manifest, options.out, steps=options.steps, films=options.films, seed=options.seed
    )
    for source, figures in card.measured["sources"].items():
        print(f"{source}: {figures['refused']:.1%} of {figures['n']} good films refused")
    for kind, figures in card.measured["kinds"].items():
        seen = "trained" if figures["trained"] else "never trained"
        print(f"{kind} ({seen}): AUROC {figures['auroc']:.3f}, {figures['abstains']:.1%} refused")
    return DONE
