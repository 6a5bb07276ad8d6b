"""Which engine runs a network here."""

from __future__ import annotations

import logging
from enum import StrEnum

from covid_core.engines.engine import Engine, Lanes, Precision
from covid_core.engines.trained import Trained, reference
from covid_core.errors import WeightsError

_LOG = logging.getLogger(__name__)


class Choice(StrEnum):
    """The engine that the user wants.

    `auto`: OpenVINO, and PyTorch where that can't be had. `cuda`: PyTorch on the CPU where the
    GPU's memory holds not one film. The others: that or an error.
    """

    AUTO = "auto"
    OPENVINO = "openvino"
    TORCH = "torch"
    CUDA = "cuda"


def engine_of(
    trained: Trained,
    choice: Choice = Choice.AUTO,
    precision: Precision = Precision.FLOAT32,
    lanes: Lanes | None = None,
) -> Engine:
    """The network, ready to run. `precision`: where the machine has it; else float32.

    Raises WeightsError where the weights can't be used, or not by the chosen engine.
    """
    lanes = lanes or Lanes()
    if choice is Choice.TORCH:
        return _on_torch(trained, lanes)
    if choice is Choice.CUDA:
        return _on_cuda(trained, precision, lanes)
    try:
        return _on_openvino(trained, precision, lanes)
    except Exception as error:  # OpenVINO, its converter and PyTorch have each their own
        if choice is Choice.OPENVINO:
            raise WeightsError(
                f"OpenVINO can't run this network here ({error})", "Use --engine torch"
            ) from error
        # Which says so where the weights themselves are at fault.
        engine = _on_torch(trained, lanes)
        _LOG.warning("OpenVINO can't be used (%s): PyTorch runs instead", error)
        return engine


def _on_openvino(trained: Trained, precision: Precision, lanes: Lanes) -> Engine:
    from covid_core.engines.graphs import (  # OpenVINO has no wheel for some machines
        check_answers,
        graph_of,
    )
    from covid_core.engines.openvino import OpenVinoEngine, has_bfloat16

    native = precision is Precision.BFLOAT16 and has_bfloat16()
    used = Precision.BFLOAT16 if native else Precision.FLOAT32
    graph = graph_of(trained)
    engine = OpenVinoEngine(graph, used, lanes)
    check_answers(engine, graph)
    return engine


def _on_torch(trained: Trained, lanes: Lanes) -> Engine:
    from covid_core.engines.torch import TorchEngine

    return TorchEngine(reference(trained), lanes.threads)


def _on_cuda(trained: Trained, precision: Precision, lanes: Lanes) -> Engine:
    import torch

    if not torch.cuda.is_available():
        raise WeightsError("there is no GPU that PyTorch can use here", "Use --engine auto")
    from covid_core.engines.memory import made_to_fit
    from covid_core.engines.torch import GPU_FILMS, CudaEngine

    def recorded(films: int) -> Engine:
        return CudaEngine(reference(trained), trained.size_px, precision, films)

    engine = made_to_fit(recorded, GPU_FILMS)
    if engine is None:
        _LOG.warning("the GPU's memory is full: PyTorch on the CPU runs instead")
        engine = _on_torch(trained, lanes)
    return engine
