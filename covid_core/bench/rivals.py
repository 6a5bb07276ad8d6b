"""The engine that was not chosen, to measure beside the one that was."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np

from covid_core.engines.trained import Trained, reference


def onnx_runtime(trained: Trained, x: np.ndarray) -> dict[str, Callable[[], object]]:
    """ONNX Runtime's call on the same network and input, by its name and version.

    `x`: float32 (1, 1, S, S). Empty where it, or what exports to it, is not installed.
    """
    try:
        import onnx  # noqa: F401  (PyTorch's exporter needs it)
        import onnxruntime
    except ImportError:
        return {}
    import torch

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(reference(trained), (torch.from_numpy(x),), file, dynamo=False)  # type: ignore[arg-type]
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: x}
    return {f"ONNX Runtime {onnxruntime.__version__}, float32": partial(session.run, None, given)}
