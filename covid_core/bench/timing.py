"""Times that can be compared on a machine that others use: in turns, in one run, medians."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from tqdm import tqdm

_REST_S = 0.1  # so that the threads of the side before, which wait by spinning, have gone to sleep
_CALLS = 3  # a turn; the first finds the cores and caches as another side left them, and is dropped


def medians(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of one call of each side, the median of those that were timed."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for call in sides.values():
        call()  # what is only done once is no part of it
    for _ in tqdm(range(rounds), "rounds", disable=None):
        for name, call in sides.items():
            time.sleep(_REST_S)
            for turn in range(_CALLS):
                before = time.perf_counter()
                call()
                if turn:
                    seconds[name].append(time.perf_counter() - before)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def quickest(
    call: Callable[[], object], clock: Callable[[], float] = time.perf_counter, times: int = 5
) -> float:
    """Seconds of the quickest of several calls, by a clock."""
    seconds = []
    for _ in range(times):
        before = clock()
        call()
        seconds.append(clock() - before)
    return min(seconds)
