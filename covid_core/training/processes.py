"""One process, or several that `torchrun --nproc-per-node=N train.py …` started.

PyTorch's own DistributedDataParallel does the work; here is only which process is which, and which
of them goes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed

from covid_core.storage.locks import claimed

Value = TypeVar("Value")


@contextmanager
def join_processes() -> Iterator[torch.device]:
    """The device of this process, joined for a while with the others that torchrun started."""
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
    """The number of processes that train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process; 0 speaks, writes and measures for all."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def claim_folders(*folders: Path) -> Iterator[None]:
    """Keep folders for the processes of this run. Raises CovidCoreError where another has one."""
    with ExitStack() as stack:
        if not rank():
            for folder in sorted({folder.resolve() for folder in folders}):
                stack.enter_context(claimed(folder))
        yield


@contextmanager
def first_process_first() -> Iterator[None]:
    """Let process 0 run the block alone, then the others, who find what it cached."""
    if rank():
        distributed.barrier()
    yield
    if count() > 1 and not rank():
        distributed.barrier()


def from_first_process(value: Value) -> Value:
    """The value that process 0 has, in all of them."""
    if not distributed.is_initialized():
        return value
    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]
