"""A run's log: a JSON line an epoch for machines, event files for TensorBoard's curves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from covid_core.storage.atomic import write_whole

_LOG = "log.jsonl"


def log_epoch(run: Path, row: Mapping[str, Any]) -> None:
    """Add an epoch's figures to the log, and show them above the progress bar.

    `row`: `task` and `step` among them. Raises CovidCoreError where the disk refuses.
    """
    line = json.dumps({n: round(v, 5) if isinstance(v, float) else v for n, v in row.items()})
    write_whole(run / _LOG, "".join(f"{each}\n" for each in [*_lines(run), line]).encode())
    writer = _curves()
    if writer:
        with writer(run / "tensorboard") as board:
            for name in row.keys() - {"task", "step"}:
                board.add_scalar(f"{row['task']}/{name}", row[name], row["step"])
    tqdm.write(line)


def read_log(run: Path) -> list[dict[str, Any]]:
    """The figures of each epoch that was logged; of a step logged twice, the later ones."""
    rows = {(row["task"], row["step"]): row for row in map(json.loads, _lines(run))}
    return list(rows.values())


def clear_log(run: Path) -> None:
    """Delete the log of an older run, so that it is not taken for part of the new one."""
    (run / _LOG).unlink(missing_ok=True)
    shutil.rmtree(run / "tensorboard", ignore_errors=True)


def _lines(run: Path) -> list[str]:
    log = run / _LOG
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@cache
def _curves() -> Any:
    """The class that writes event files; None where TensorBoard is not installed, said once."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        tqdm.write("no curves for TensorBoard are written: it is not installed")
        return None
    return SummaryWriter
