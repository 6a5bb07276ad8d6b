"""A run's log: a JSON line an epoch for machines, event files for TensorBoard's curves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm


def log_epoch(run: Path, row: Mapping[str, Any]) -> None:
    """Add an epoch's figures, `task` and `step` among them, and show them above the bar."""
    line = json.dumps({n: round(v, 5) if isinstance(v, float) else v for n, v in row.items()})
    with (run / "log.jsonl").open("a") as log:
        log.write(line + "\n")
    with SummaryWriter(run / "tensorboard") as board:
        for name in row.keys() - {"task", "step"}:
            board.add_scalar(f"{row['task']}/{name}", row[name], row["step"])
    tqdm.write(line)


def read_log(run: Path) -> list[dict[str, Any]]:
    """What was logged at the end of each epoch; of a step logged twice, the later."""
    lines = (run / "log.jsonl").read_text().splitlines()
    rows = {(row["task"], row["step"]): row for row in map(json.loads, lines)}
    return list(rows.values())


def clear_log(run: Path) -> None:
    """Away with an older run's log: two runs in one would be told as one."""
    (run / "log.jsonl").unlink(missing_ok=True)
    shutil.rmtree(run / "tensorboard", ignore_errors=True)
