"""The film that an engine scores first, and whether it answers as PyTorch did.

Digests say that a file is what was written, not that this processor and this version of a library
make of it what they should.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from covid_core.engines.engine import Precision

CLOSE = {Precision.FLOAT32: 1e-3, Precision.BFLOAT16: 0.03}  # of an output's largest number
_SAMPLES = 256  # of each output's numbers are kept: another network differs in nearly all


def trial_film(size_px: int) -> np.ndarray:
    """Waves in both directions over the whole range of an input: float32 (1, 1, S, S)."""
    across = np.arange(size_px) / size_px
    waves = np.cos(np.add.outer(20 * across**2, 30 * across)) + np.sin(9 * across)
    return waves.astype(np.float32)[np.newaxis, np.newaxis]


def sample_outputs(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Some numbers of each output, spread over all of it: (N,)."""
    return [output.ravel()[:: max(1, output.size // _SAMPLES)] for output in outputs]


def outputs_match(
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], precision: Precision
) -> bool:
    """Whether outputs are those of the reference, as far as the precision goes."""
    return len(ours) == len(theirs) and all(
        one.shape == other.shape
        and bool(np.abs(one - other).max() <= CLOSE[precision] * max(1.0, np.abs(other).max()))
        for one, other in zip(ours, theirs, strict=True)
    )
