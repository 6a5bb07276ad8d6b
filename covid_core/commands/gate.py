"""`gate`: train the network that says whether a picture may be judged."""

from __future__ import annotations

import argparse

from covid_core.commands.status import DONE
from covid_core.model.audit import Displays
from covid_core.training.gate.fit import make_gate


def run(options: argparse.Namespace) -> int:
    """Train the network that says whether a picture may be judged; the exit status."""
    card = make_gate(
        options.manifest,
        options.out,
        steps=options.steps,
        films=options.films,
        seed=options.seed,
        displays_only=options.displays_only,
    )
    for source, figures in card.measured.sources.items():
        print(f"{source}: {figures['refused']:.1%} of {figures['n']} good films refused")
    for kind, figures in card.measured.kinds.items():
        seen = "trained" if figures["trained"] else "never trained"
        print(f"{kind} ({seen}): AUROC {figures['auroc']:.3f}, {figures['abstains']:.1%} refused")
    for kind, figures in (card.measured.displays or Displays()).kinds.items():
        seen = "trained" if figures["trained"] else "never trained"
        print(f"{kind} ({seen}): {figures['refused']:.1%} refused, {figures['named']:.1%} as such")
    return DONE
