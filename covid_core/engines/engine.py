"""What an engine is: pictures in, arrays out, from any thread."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np


class Precision(StrEnum):
    """The precision of the products inside a network; what goes in and comes out is float32."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class Engine(Protocol):
    """One network, ready to run. Safe to call from several threads.

    `title`: name and version for a person. `precision`: of its products. `batch_films`: how many
    films a call is best given.
    """

    title: str
    precision: Precision
    batch_films: int

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The network's input, float32 (N, 1, S, S), to its outputs, float32 (N, …) each.

        What a film gives does not depend on the films beside it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Lanes:
    """How a machine's cores are shared.

    `films`: that are in the network side by side, each on its own share of the cores: one answers
    soonest, one a core does most. `threads`: cores to use in all; 0 is all there are.
    """

    films: int = 1
    threads: int = 0


def cores() -> int:
    """How many this process may run on; a quota of their time, as containers have, is not seen."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
