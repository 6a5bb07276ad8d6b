"""OpenVINO: an exported graph, compiled for this machine's CPU when it is loaded.

Measured against its kin by `python -m covid_core bench predict`: on CPUs it is the fastest of the
well-kept engines, and it starts in a tenth of the time that importing PyTorch takes.
"""

from __future__ import annotations

import functools
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from covid_core.engines.engine import Lanes, Precision, cores
from covid_core.engines.trial import trial_film

# OpenVINO reports its import and every conversion to its makers, if that package is there.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

_DEVICE = "CPU"
_HINTS = {Precision.FLOAT32: "f32", Precision.BFLOAT16: "bf16"}
_FIRST = threading.Lock()
VERSION: str = openvino.__version__.split("-")[0]


class OpenVinoEngine:
    """A compiled graph with one request for each lane, so that threads never share one.

    `trial`: what it answers to `trial_film`.
    """

    batch_films = 1  # lanes of single films are faster than batches, and their answers the same

    def __init__(self, graph: Path, precision: Precision, lanes: Lanes) -> None:
        """`graph`: an OpenVINO IR for inputs of one film. Raises RuntimeError where it is none."""
        self.title = f"OpenVINO {VERSION}, {precision}"
        self.precision = precision
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "NUM_STREAMS": lanes.films,
            "INFERENCE_NUM_THREADS": lanes.threads or cores(),
        }
        compiled = _core().compile_model(graph, _DEVICE, settings)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(lanes.films):
            self._idle.put(compiled.create_infer_request())
        self._outputs = len(compiled.outputs)
        # Its Python binding sets up tables at the first inference of a process, and two threads
        # that do so at once wait for each other for ever.
        with _FIRST:
            self.trial = self.run(trial_film(compiled.inputs[0].shape[-1]))

    def run(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """The outputs of each film, one by one, as `engine.Engine` has it."""
        request = self._idle.get()
        try:
            films = [self._one(request, film) for film in x]
        finally:
            self._idle.put(request)
        if len(films) == 1:
            return films[0]
        return tuple(np.concatenate(outputs) for outputs in zip(*films, strict=True))

    def _one(self, request: Any, film: np.ndarray) -> tuple[np.ndarray, ...]:
        request.infer({0: np.ascontiguousarray(film[np.newaxis])}, share_inputs=True)
        # Copied: the request's own memory is overwritten by the next film.
        return tuple(request.get_output_tensor(i).data.copy() for i in range(self._outputs))


@functools.cache
def _core() -> openvino.Core:
    """One for the process, never given back.

    It lends the thread that first compiles a stack for signals, and takes its memory away when it
    goes: in another thread, it could only leave the first with a stack that is not there, and the
    next signal there ended the process.
    """
    return openvino.Core()


def has_bfloat16() -> bool:
    """Whether this machine multiplies bfloat16 natively; elsewhere it would only cost digits."""
    return "BF16" in _core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
