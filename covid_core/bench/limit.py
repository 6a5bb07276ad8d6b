"""What the machine could do at best: the network's operations at its own matrix rate."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from covid_core.bench.timing import quickest
from covid_core.engines.engine import Precision

_SIDE = 2048  # of the square matrices
_TYPES = {Precision.FLOAT32: torch.float32, Precision.BFLOAT16: torch.bfloat16}


def operations(network: nn.Module, size_px: int) -> float:
    """Floating-point operations of one film's pass, a multiplication and an addition as two."""
    with FlopCounterMode(display=False) as counted, torch.inference_mode():
        network(torch.zeros(1, 1, size_px, size_px))
    return float(counted.get_total_flops())


def matrix_rate(precision: Precision) -> float:
    """Operations a second of a large matrix product: the best of several."""
    matrix = torch.randn(_SIDE, _SIDE).to(_TYPES[precision])
    into = torch.empty_like(matrix)
    return 2 * _SIDE**3 / quickest(lambda: torch.mm(matrix, matrix, out=into))
