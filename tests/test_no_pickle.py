"""Pickle is never loaded: not by us, not by a library on our behalf; and nothing is fetched at run
time but what training may start from."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import DenseNet121_Weights

from covid_core.engines.graphs import graph_of
from covid_core.errors import WeightsError
from covid_core.model.initial_weights import initial_state
from tests.engines.networks import SIDE, small_classifier

ROOT = Path(__file__).parent.parent
SOURCES = [
    *(path for part in ("covid_core", "app", "benchmarks") for path in (ROOT / part).rglob("*.py")),
    ROOT / "train.py",
    ROOT / "streamlit_app.py",
]
LOADS_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FETCHES = {"requests", "httpx", "aiohttp", "urllib.request", "http.client", "huggingface_hub"}
ONLY_WEIGHTS = {"torch.load", "load_state_dict_from_url", "get_state_dict"}
NEVER = {"torch.hub.load", "torch.jit.load", "read_pickle", "to_pickle"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def wrong_calls(tree: ast.AST) -> list[str]:
    """Calls that load, or may load, a pickle."""
    found = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        given = {word.arg: ast.unparse(word.value) for word in call.keywords}
        guarded = name in ONLY_WEIGHTS or name.rpartition(".")[2] in ONLY_WEIGHTS
        if (
            (guarded and given.get("weights_only") != "True")
            or name in NEVER
            or name.rpartition(".")[2] in NEVER
            or given.get("allow_pickle", "False") != "False"
        ):
            found.append(name)
    return found


def test_no_source_of_ours_loads_a_pickle() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert len(trees) > 100
    assert {str(path): wrong for path, tree in trees.items() if (wrong := wrong_calls(tree))} == {}
    assert {str(path) for path, tree in trees.items() if imported(tree) & LOADS_CODE} == set()


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "weights.get_state_dict()",
        "torch.hub.load_state_dict_from_url(url)",
        "torch.hub.load(a, b)",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_what_would_load_one_is_seen(line: str) -> None:
    assert wrong_calls(ast.parse(line))


def test_core_and_page_fetch_nothing_themselves() -> None:
    """But for the archive that a person names, and the weights that a command is to fetch."""
    parts = [path for path in SOURCES if "benchmarks" not in path.parts]
    found = {path.name for path in parts if imported(ast.parse(path.read_text())) & FETCHES}
    assert found == {"dicomweb.py", "bounded_http.py", "archive_errors.py", "weights_archive.py"}


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_the_cache_of_published_weights_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    """torchvision would run it: what lies in the cache under the right name counts as fetched."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    name = DenseNet121_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    (tmp_path / "checkpoints").mkdir()
    state = {"features.conv0.weight": Trap(tmp_path / "ran")}
    file = tmp_path / "checkpoints" / name
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match="--init random"):
        initial_state("imagenet")
    assert not (tmp_path / "ran").exists()


def test_a_trap_that_is_loaded_as_torchvision_would_does_run(tmp_path: Path) -> None:
    """Else the canary of all these tests would prove nothing."""
    torch.save(Trap(tmp_path / "ran"), tmp_path / "trap.pth")
    torch.load(tmp_path / "trap.pth", weights_only=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_weights_to_start_from_that_are_no_numbers_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"start.{kind}"
    state = {"features.conv0.weight": torch.full((2, 2), torch.nan)}
    torch.save(state, path) if kind == "pth" else save_file(state, path)
    with pytest.raises(WeightsError, match="NaN") as refused:
        initial_state(str(path))
    assert refused.value.file == str(path)


@pytest.mark.parametrize(
    "held", [{1: torch.ones(1)}, {"a": [1.0]}, [torch.ones(1)], {}, 3, {"state_dict": 3}]
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, held: object) -> None:
    torch.save(held, tmp_path / "start.pt")
    with pytest.raises(WeightsError, match="no state dict"):
        initial_state(str(tmp_path / "start.pt"))


def test_a_film_is_read_where_no_connection_can_be_made(tmp_path: Path) -> None:
    """Nothing is fetched to run a network, nor where there is none."""
    graph_of(small_classifier(tmp_path))
    program = f"""
import sys

def cut_off(event, _):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.exit("a connection was wanted")

sys.addaudithook(cut_off)
import numpy as np
from pathlib import Path
from covid_core.errors import WeightsError
from covid_core.predict.predictor import Predictor

folder = Path({str(tmp_path)!r})
predictor = Predictor.load(folder, "small")
maps = predictor.feature_maps(np.zeros((1, 1, {SIDE}, {SIDE}), np.float32))
print(maps.shape, "torch" in sys.modules)
try:
    Predictor.load(folder / "elsewhere")
except WeightsError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    read, none = run.stdout.splitlines()
    assert read == "(1, 512, 3, 3) False"
    assert "no model here" in none and "python train.py" in none
