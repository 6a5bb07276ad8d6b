"""What a process that decodes a strange file may do besides computing: next to nothing.

Linux alone offers this to a program without rights. Landlock (from kernel 5.13) takes the files
away, seccomp the network, other processes and the starting of programs; what a kernel lacks of
them is left out. A restriction holds for the process to its end.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # of prctl(2)
# Landlock's calls, which every processor numbers alike, and its rights.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_READ = 1 << 2 | 1 << 3  # files, and what a folder holds
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many each version knows
_NEWEST_FILE_RIGHTS = 16
_TCP, _SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals
_SINCE_TCP, _SINCE_SCOPES = 4, 6
# The processor's name in seccomp(2), and the numbers of its calls: those that give a socket, run a
# program, or reach another process; and clone, for which it depends.
_ANY_PROCESSOR = (424, 425, 438)  # pidfd_send_signal, io_uring_setup, pidfd_getfd
_PROCESSORS: dict[str, tuple[int, tuple[int, ...], int]] = {
    # socket, socketpair, fork, vfork, execve, kill, ptrace, process_vm_readv, process_vm_writev,
    # execveat
    "x86_64": (0xC000003E, (41, 53, 57, 58, 59, 62, 101, 310, 311, 322), 56),
    "aarch64": (0xC00000B7, (198, 199, 221, 129, 117, 270, 271, 281), 220),
}
_CLONE3, _CLONE_THREAD = 435, 0x10000
_X32 = 0x40000000  # x86_64's other numbering begins here; no call of aarch64 is as high
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # of BPF
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand in what a filter reads
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_LIBRARIES = {
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parent.parent),
}


def confine() -> None:
    """Take from this process what decoding has no need of, as far as the kernel can."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
        _leave_files(library)
        _leave_calls(library)


def landlock_version() -> int:
    """The version of Landlock that the kernel has; 0 without it."""
    if sys.platform != "linux":
        return 0
    return max(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _VERSION), 0)


def filters_calls() -> bool:
    """Whether the system's calls are filtered here."""
    is_whole = sys.maxsize > 2**32  # a 32-bit program has other numbers
    return sys.platform == "linux" and is_whole and platform.machine() in _PROCESSORS


def _leave_files(library: ctypes.CDLL) -> None:
    """All but reading Python's libraries: some of their modules are imported late."""
    version = landlock_version()
    if not version:
        return
    rights = (1 << _FILE_RIGHTS.get(version, _NEWEST_FILE_RIGHTS)) - 1
    tcp = _TCP if version >= _SINCE_TCP else 0
    scopes = _SCOPES if version >= _SINCE_SCOPES else 0
    handled = struct.pack("3Q", rights, tcp, scopes)
    size = 8 * (1 + (version >= _SINCE_TCP) + (version >= _SINCE_SCOPES))
    rules = library.syscall(_CREATE_RULESET, handled, size, 0)
    if rules < 0:
        return
    for folder in _LIBRARIES:
        with contextlib.suppress(OSError):
            opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            library.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", _READ, opened), 0)
            os.close(opened)
    library.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _leave_calls(library: ctypes.CDLL) -> None:
    if not filters_calls():
        return
    steps = _steps(*_PROCESSORS[platform.machine()])
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    address = ctypes.addressof(program)
    library.prctl(_SECCOMP, _FILTER, struct.pack("HxxxxxxQ", len(steps), address), 0, 0)


def _steps(
    architecture: int, refused: Sequence[int], clone: int
) -> list[tuple[int, int, int, int]]:
    """A filter of BPF: each step with how many to pass over where its test holds or fails."""
    refuse = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        refuse,
        # As if it were unknown: libraries then take clone, whose flags a filter can see.
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for call in (*refused, *_ANY_PROCESSOR):
        steps += [(_EQUAL, 0, 1, call), refuse]
    return [
        *steps,
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        refuse,
        (_RETURN, 0, 0, _ALLOW),
    ]
