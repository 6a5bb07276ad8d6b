"""train.py: its flags, and its sentences when it can't. A whole run is among the README's tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import train

ROOT = Path(__file__).parent.parent


def test_stages_are_sizes_and_epochs() -> None:
    assert train.parse_stages("128:6,224:1.5") == ((128, 6.0), (224, 1.5))


def test_defaults_fine_tune_every_layer_from_imagenet_into_weights() -> None:
    options = train.parse_arguments(["--data", "films"])
    assert (options.init, options.out) == ("imagenet", Path("weights"))
    assert options.stages == ((224, 12.0),)


@pytest.mark.parametrize("arguments", [[], ["--data", "x", "--fit", "stretch"]])
def test_wrong_use_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train.parse_arguments(arguments)
    assert stopped.value.code == 2


def test_unknown_data_is_a_sentence_not_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "train.py", "--data", str(tmp_path), "--run", str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(str(tmp_path))
    assert "normal/, pneumonia/ and covid/" in done.stderr
    assert "Traceback" not in done.stderr
