"""Whatever the bytes: a film or a refusal, in bounded time and memory, and nothing quoted.

All files are read in one process of its own, so that a crash or a limit would show.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from covid_core.read.reading import CODES
from tests.hostile import corpus
from tests.hostile_bombs import SLOW
from tests.mutants import CANARY

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MUTANTS = 500
HANGS_CPU_S = 60.0  # twenty times what the slowest takes: none hangs, on whatever machine
MOST_MORE_MIB = 500
Tried = dict[str, Any]


@pytest.fixture(scope="module")
def child() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "always", "-m", "tests.hostile_reading", str(MUTANTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tried(child: subprocess.CompletedProcess[str]) -> list[Tried]:
    assert child.returncode == 0, child.stderr[-2_000:]
    return [json.loads(line) for line in child.stdout.splitlines()]


def test_there_are_hundreds_and_each_has_a_name_of_its_own(tried: list[Tried]) -> None:
    names = [name for name, _ in corpus()]
    assert set(names) > SLOW and len(names) - len(SLOW) + MUTANTS == len(tried)
    assert len(set(names)) == len(names) >= 300


def test_every_file_ends_in_a_film_or_a_refusal_of_the_list(tried: list[Tried]) -> None:
    assert {one["name"]: one["codes"] for one in tried if not known(one)} == {}


def known(one: Tried) -> bool:
    return set(one["codes"]) <= {*CODES, "film"}


def test_the_list_holds_no_code_that_never_comes(tried: list[Tried]) -> None:
    """`unreadable` is of files that a disk does not give, or a busy machine did not decode."""
    found = {code for one in tried for code in one["codes"]}
    assert set(CODES) - found <= {"unreadable"}


def test_none_takes_long_or_much(tried: list[Tried]) -> None:
    assert {one["name"]: one for one in tried if one["cpu_s"] > HANGS_CPU_S} == {}
    assert {one["name"]: one for one in tried if one["more_mib"] > MOST_MORE_MIB} == {}


def test_a_good_film_is_the_same_after_a_hundred_bad_ones(tried: list[Tried]) -> None:
    seen = [one["good"] for one in tried if "good" in one]
    assert len(seen) >= len(tried) // 100 and len(set(seen)) == 1


def test_nothing_that_a_file_holds_is_printed(child: subprocess.CompletedProcess[str]) -> None:
    assert CANARY not in child.stdout + child.stderr
    assert "Traceback" not in child.stderr


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("text.png", "corrupt"),
        ("chunks-before.png", "too_intricate"),
        ("fragments.dcm", "too_intricate"),
        ("scans.jpg", "too_intricate"),
        ("tiny-elements.dcm", "too_intricate"),
        ("inflates.dcm", "too_large"),
        ("nested-50000.dcm", "corrupt"),
        ("rle-frames.dcm", "multi_frame"),
        ("extras.zip", "too_many_members"),
        ("overlapping.zip", "damaged_zip"),
        ("float-nan.tif", "not_finite"),
        ("preamble-4d5a.dcm", "executable_preamble"),
        ("60000.png", "too_large"),
        ("60000.tif", "too_large"),
        ("html.png", "unknown_format"),
    ],
)
def test_the_reason_is_the_right_one(tried: list[Tried], name: str, code: str) -> None:
    assert [one["codes"] for one in tried if one["name"] == name] == [[code]]


def test_what_was_cut_and_closed_is_read_with_a_note(tried: list[Tried]) -> None:
    for name in ("closed-plain.jpg", "cut-0.7-JPEG Baseline (Process 1).dcm"):
        [notes] = [one["notes"] for one in tried if one["name"] == name]
        assert any("cut short" in note for note in notes), name
