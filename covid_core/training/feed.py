"""Films to the device: from its own memory where they all fit, else from the memory map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

_SHARE = 0.3  # of a GPU's free memory that films may take

Feed = Callable[[np.ndarray], torch.Tensor]


def feed(pictures: np.ndarray, device: torch.device) -> Feed:
    """From pictures, uint8 (N, S, S), a function of indices, int (n,), to (n, S, S) on the device.

    On a GPU all films go there once, so that no step waits for the loader.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if pictures.nbytes < _SHARE * free:
            resident = torch.from_numpy(np.array(pictures)).to(device)
            return lambda indices: resident[torch.from_numpy(indices).to(device)]
    return lambda indices: torch.from_numpy(pictures[indices]).to(device, non_blocking=True)
