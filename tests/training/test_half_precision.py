"""bfloat16 where the machine is quick at it, float32 elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from covid_core.training.half_precision import cpu_has_bfloat16, half_precision

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _another_cpu() -> Iterator[None]:
    cpu_has_bfloat16.cache_clear()
    yield
    cpu_has_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "wanted", "dtype"),
    [
        ({"avx512_f": True, "avx512_bf16": True}, True, torch.bfloat16),
        ({"avx512_f": True, "amx_bf16": True}, True, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": True}, False, torch.float32),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, True, torch.float32),
        ({"avx2": True}, True, torch.float32),
        ({}, True, torch.float32),
    ],
)
def test_a_cpu_without_it_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], wanted: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    layer = torch.nn.Linear(4, 2)
    with half_precision(CPU, wanted=wanted):
        assert layer(torch.ones(1, 4)).dtype is dtype
