"""OpenVINO where it can be had, PyTorch elsewhere; what was requested by name, or an error."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Precision
from covid_core.engines.openvino import OpenVinoEngine
from covid_core.engines.torch import CudaEngine, TorchEngine
from covid_core.engines.trained import Trained
from covid_core.errors import WeightsError
from tests.engines.networks import SIDE, small_classifier


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return small_classifier(tmp_path_factory.mktemp("weights"))


def test_openvino_runs_where_no_engine_is_requested(trained: Trained) -> None:
    engine = engine_of(trained)
    assert isinstance(engine, OpenVinoEngine) and engine.precision is Precision.FLOAT32


def test_pytorch_runs_where_openvino_is_not_installed(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "covid_core.engines.openvino", None)
    assert isinstance(engine_of(trained), TorchEngine)
    with pytest.raises(WeightsError, match="--engine torch"):
        engine_of(trained, Choice.OPENVINO)


def test_pytorch_runs_where_requested(trained: Trained) -> None:
    engine = engine_of(trained, Choice.TORCH, Precision.BFLOAT16)
    assert isinstance(engine, TorchEngine) and engine.precision is Precision.FLOAT32


def test_weights_that_are_damaged_are_said_to_be(tmp_path: Path) -> None:
    trained = small_classifier(tmp_path)
    file = tmp_path / "small.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match="damaged"):
        engine_of(trained)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_said_to_be_missing(trained: Trained) -> None:
    with pytest.raises(WeightsError, match="no GPU"):
        engine_of(trained, Choice.CUDA)


@pytest.mark.parametrize(("room", "kind"), [(9, CudaEngine), (0, TorchEngine)])
def test_a_gpu_whose_memory_is_full_is_given_less_and_at_last_nothing(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, room: int, kind: type
) -> None:
    tried = []

    def recorded(self: CudaEngine, network: object, side: int, precision: str, films: int) -> None:
        tried.append(films)
        if films > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.batch_films = films

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(CudaEngine, "__init__", recorded)
    engine = engine_of(trained, Choice.CUDA)
    assert isinstance(engine, kind)
    assert tried == ([64, 32, 16, 8] if room else [64, 32, 16, 8, 4, 2, 1])
    assert engine.batch_films == tried[-1]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_answers_as_the_cpu(trained: Trained) -> None:
    engine = engine_of(trained, Choice.CUDA)
    assert isinstance(engine, CudaEngine)
    x = np.random.default_rng(0).normal(size=(70, 1, SIDE, SIDE)).astype(np.float32)
    (ours,), (theirs,) = engine.run(x), engine_of(trained, Choice.TORCH).run(x)
    assert np.abs(ours - theirs).max() < 1e-2
