"""bfloat16 where the machine is quick at it, float32 elsewhere."""

from __future__ import annotations

import pytest
import torch

from covid_core.training.half_precision import half_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capability", "wanted", "dtype"),
    [
        ("AVX512", True, torch.bfloat16),
        ("AVX512", False, torch.float32),
        ("AVX2", True, torch.float32),
        ("DEFAULT", True, torch.float32),
    ],
)
def test_a_cpu_without_it_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, capability: str, wanted: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    layer = torch.nn.Linear(4, 2)
    with half_precision(CPU, wanted=wanted):
        assert layer(torch.ones(1, 4)).dtype is dtype
