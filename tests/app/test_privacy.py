"""Of a session nothing is left and nothing leaves: shown by a kernel that allows neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.app.serving import ROOT
from tests.canaries import found_in, marked_files, names

_APART = ("unshare", "-rn")  # a network of its own, in which root may bring loopback up
_READ, _LIST = "Calibrated probability of COVID-19", "The model gives no answer."
_PACKAGES = (sys.prefix, os.path.realpath(sys.prefix))  # a .venv may be a link
_SYSTEM = (*_PACKAGES, sys.base_prefix, "/usr/", "/lib", "/etc/", str(ROOT / "weights"), "[")


def has_namespaces() -> bool:
    try:
        return subprocess.run([*_APART, "ip", "link"], capture_output=True).returncode == 0
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not has_namespaces(), reason="needs unshare -rn (Linux) and ip")


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Of a session with files that name somebody everywhere, sealed off."""
    command = [*_APART, sys.executable, "-m", "tests.app.sealed"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_every_file_is_answered_though_no_file_of_the_server_s_can_hold_a_byte(
    seen: dict[str, Any],
) -> None:
    for file in marked_files():
        words = "\n".join(seen["shown"][file.name])
        expected = (_READ, _LIST) if file.reads else ("This file could not be read.",)
        assert any(one in words for one in expected), (file.name, words)
    assert "Traceback" not in seen["log"]


def test_no_host_is_sought(seen: dict[str, Any]) -> None:
    assert seen["sought"] == 0
    assert seen["sought by the test"] == 1, "the kernel counts"


def test_it_listens_to_this_machine_alone(seen: dict[str, Any]) -> None:
    assert seen["listening"] == ["0100007F"]


def test_logs_metrics_and_the_page_name_nobody(seen: dict[str, Any]) -> None:
    assert "cache_memory_bytes" in seen["metrics"] and "127.0.0.1" in seen["log"]
    shown = json.dumps(list(seen["shown"].values()))
    for text in (seen["log"], seen["metrics"]):
        assert found_in(text.encode()) == []
    assert found_in(shown.encode(), but=names()) == [], "a file's own name stands above its answer"


def test_no_file_of_an_upload_is_mapped_or_open(seen: dict[str, Any]) -> None:
    assert any("graph.bin" in name for name in seen["files"])
    assert [name for name in seen["files"] if not name.startswith(_SYSTEM)] == []
