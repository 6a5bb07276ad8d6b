"""One process, or several that `torchrun --nproc-per-node=N train.py …` started.

PyTorch's own DistributedDataParallel does the work; here is only who is who, and who goes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed


@contextmanager
def joined() -> Iterator[torch.device]:
    """Join the other processes, if torchrun started any, for a while. Gives this one's device."""
    gpu = torch.cuda.is_available()
    if not distributed.is_torchelastic_launched():
        yield torch.device("cuda" if gpu else "cpu")
        return
    distributed.init_process_group("nccl" if gpu else "gloo")
    try:
        if gpu:
            torch.cuda.set_device(rank() % torch.cuda.device_count())
        yield torch.device("cuda", torch.cuda.current_device()) if gpu else torch.device("cpu")
    finally:
        distributed.destroy_process_group()


def count() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is; 0 speaks, writes and measures for all."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def first_alone() -> Iterator[None]:
    """Process 0 goes through alone, then the others: what it cached they find."""
    if rank():
        distributed.barrier()
    yield
    if count() > 1 and not rank():
        distributed.barrier()


def told_by_first(value: bool) -> bool:
    """What process 0 says, for all."""
    if not distributed.is_initialized():
        return value
    said = [value]
    distributed.broadcast_object_list(said, src=0)
    return said[0]
