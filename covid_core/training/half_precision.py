"""bfloat16 where the machine multiplies it natively; elsewhere float32, which is quicker there."""

from __future__ import annotations

from functools import cache

import torch


def half_precision(device: torch.device, *, wanted: bool = True) -> torch.autocast:
    """A context in which layers run in bfloat16, where it is wanted and the device is quick at it.

    That is every GPU, and CPUs with instructions for it; others stay in float32.
    """
    native = device.type != "cpu" or cpu_has_bfloat16()
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted and native)


@cache
def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively (AVX512-BF16 or AMX).

    Without these instructions oneDNN converts to float32 and back: a step of DenseNet-121 takes
    twice float32's time with AVX-512, nine times with AVX2.
    """
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
