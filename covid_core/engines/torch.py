"""PyTorch: the reference that the others are held to, and what runs where they can't.

On a GPU it runs in batches of one size, recorded once as a CUDA graph: at 224 px the launch of a
DenseNet's several hundred small kernels would cost more than their work.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from torch import nn

from covid_core.engines.engine import Precision

GPU_FILMS = 64  # at once, where the memory holds them


class TorchEngine:
    """A network that gives a tuple of tensors, on the CPU in float32."""

    batch_films = 1
    precision = Precision.FLOAT32

    def __init__(self, network: nn.Module, threads: int = 0) -> None:
        """`threads`: cores to use, of the whole process; 0 leaves it at PyTorch's own choice."""
        if threads:
            torch.set_num_threads(threads)
        self.title = f"PyTorch {torch.__version__}, float32"
        self._network = network.eval().requires_grad_(False)
        # One film at a time: two at once would halve each other's speed, and grow the memory.
        self._turn = threading.Lock()

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The network's outputs of films, as `engine.Engine` has it."""
        with self._turn, torch.inference_mode():
            # One by one, so that a film's last digits do not depend on those beside it.
            films = [self._network(torch.from_numpy(film[np.newaxis])) for film in x]
        return tuple(torch.cat(outputs).numpy() for outputs in zip(*films, strict=True))


class CudaEngine:
    """The same network on a GPU, as one recorded CUDA graph.

    All the GPU's memory that it will ever need it takes when it is made.
    """

    def __init__(
        self, network: nn.Module, size_px: int, precision: Precision, films: int = GPU_FILMS
    ) -> None:
        """`films`: at once. Raises torch.OutOfMemoryError."""
        self.batch_films = films
        self.title = f"PyTorch {torch.__version__}, {precision}, {torch.cuda.get_device_name()}"
        self.precision = precision
        self._turn = threading.Lock()
        if precision is Precision.FLOAT32:  # by default a GPU rounds its products to ten bits
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        frozen: Any = network.eval().requires_grad_(False)
        self._network = frozen.to("cuda", memory_format=torch.channels_last)
        self._films = torch.zeros(films, 1, size_px, size_px, device="cuda")
        self._graph, self._outputs = self._recorded()

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The network's outputs of films, as `engine.Engine` has it."""
        size = self.batch_films
        parts = [self._batch(x[i : i + size]) for i in range(0, len(x), size)]
        return tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))

    def _batch(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        with self._turn, torch.inference_mode():
            # Short batches are filled up by what lay there: a recorded graph has one size.
            self._films[: len(x)].copy_(torch.from_numpy(x))
            self._graph.replay()
            return tuple(output[: len(x)].cpu().float().numpy() for output in self._outputs)

    def _recorded(self) -> tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...]]:
        # A warm-up on a side stream, as recording asks for: libraries choose their kernels in it.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self._forward()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = self._forward()
        return graph, outputs

    def _forward(self) -> tuple[torch.Tensor, ...]:
        half = self.precision is Precision.BFLOAT16
        with (
            torch.inference_mode(),
            torch.autocast("cuda", torch.bfloat16, enabled=half, cache_enabled=False),
        ):
            return tuple(self._network(self._films.contiguous(memory_format=torch.channels_last)))
