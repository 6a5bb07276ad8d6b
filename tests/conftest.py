"""What several test modules share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

# Tests run side by side, each on its own core; set before anything imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What is started in the background is deaf to Ctrl-C, and so would be all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest

from benchmarks.servers import Server, served
from covid_core import metrics
from tests.archive import orthanc

__all__ = ["orthanc"]  # a fixture, found here by every test

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"

# These take longest, and so come first: at the end no process is left alone with one of them.
LONGEST_FILES = (
    "test_readme.py",
    "test_train.py",
    "training/test_loop.py",
    "test_hostile.py",
    "benchmarks/test_kills.py",
    "cluster/test_scoring.py",
    "cluster/test_scoring_on_ray.py",
    "commands/test_predict.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; skip those that another system can't run."""
    here = Path(__file__).parent
    longest = {here / name for name in LONGEST_FILES}
    items.sort(key=lambda item: item.path not in longest)
    for item in items:
        if sys.platform != "linux" and item.get_closest_marker("linux"):
            item.add_marker(pytest.mark.skip(reason="needs Linux"))


@pytest.fixture(scope="module")
def few_resamples() -> Iterator[None]:
    """Intervals by few resamples: quick, and of little meaning."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "RESAMPLES", 50)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real radiographs, where there is one."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the radiographs of ../shared/data")
    return SHARED_DATA


@pytest.fixture(scope="session")
def page_server() -> Iterator[Server]:
    """A server of the page, started once for all the tests of a process."""
    with served() as server:
        yield server
