"""How a process is started, as each system can."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def start_context(preloaded: Sequence[str]) -> Any:
    """A context of multiprocessing for children that need modules which take long to load.

    A fork server loads them once, where the system has one; on Windows each child does.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preloaded))
        return context
    return multiprocessing.get_context("spawn")


def become(command: list[str], environment: Mapping[str, str]) -> int:
    """Run another program in place of this one, so that whoever ends this ends that.

    Windows can't: there it is a child, and its exit status is returned.
    """
    if sys.platform == "win32":
        return subprocess.call(command, env=environment)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return os.execve(command[0], command, environment)
