"""Memory that films leave behind, given back to the system.

What Python frees, glibc keeps for itself, in a part of its own for each thread, and each session has
a thread: a server would hold the largest film of every visitor, long closed.
"""

from __future__ import annotations

import ctypes
import sys


def give_back_freed() -> bool:
    """Whether anything was given back; False too where the C library has no such call (musl,
    macOS, Windows). Takes some ms, and the next film as many."""
    if sys.platform != "linux":
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))
