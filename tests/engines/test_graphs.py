"""A graph is exported once, checked whenever it is found, and answers as PyTorch does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from covid_core.engines import graphs
from covid_core.engines.choice import Choice, engine_of
from covid_core.engines.engine import Lanes, Precision
from covid_core.engines.graphs import graph_of
from covid_core.engines.openvino import OpenVinoEngine
from covid_core.engines.torch import TorchEngine
from covid_core.engines.trained import Kind, Trained, classifier, reference
from covid_core.errors import WeightsError
from covid_core.model.card import SHIPPED, read_card
from covid_core.model.tensors import read_pair
from covid_core.predict.gate import GATE, PREPROCESS
from covid_core.predict.lungs import LUNGS
from tests.engines.networks import SIDE, small_classifier
from tests.models import OPACITY_PX, save_opacity_weights

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    return small_classifier(tmp_path)


def films(count: int, side: int) -> np.ndarray:
    drawn = np.random.default_rng(1).normal(size=(count, 1, side, side))
    return drawn.astype(np.float32)


def test_a_network_is_exported_once(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(trained)
    assert graph.parent.parent == trained.folder / ".graphs"
    monkeypatch.setattr(graphs, "export", None)  # a second export would fail
    assert graph_of(trained) == graph
    assert [path.name for path in graph.parent.parent.iterdir()] == [graph.parent.name]


@pytest.mark.parametrize("file", ["graph.xml", "graph.bin", "graph.json"])
def test_a_damaged_graph_is_made_anew(trained: Trained, file: str) -> None:
    path = graph_of(trained).parent / file
    whole = path.read_bytes()
    damaged = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    path.write_bytes(damaged)
    assert graph_of(trained).parent / file == path
    assert path.read_bytes() != damaged and graphs._is_whole(path.parent, trained.sha256)


def test_a_graph_of_another_network_under_this_one_s_name_is_made_anew(
    trained: Trained, tmp_path: Path
) -> None:
    graph, other = graph_of(trained), graph_of(small_classifier(tmp_path / "other", seed=1))
    own = graph.with_suffix(".bin").read_bytes()
    shutil.rmtree(graph.parent)
    shutil.copytree(other.parent, graph.parent)
    assert graph_of(trained) == graph
    assert graph.with_suffix(".bin").read_bytes() == own


def test_an_engine_that_answers_otherwise_on_this_machine_is_not_used(
    trained: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the weights with their graphs were copied to another processor."""
    card = graph_of(trained).with_suffix(".json")
    content = json.loads(card.read_text())
    content["answers"] = [[answer * 1.01 for answer in output] for output in content["answers"]]
    card.write_text(json.dumps(content))
    assert isinstance(engine_of(trained), TorchEngine)
    assert "answers otherwise here than PyTorch" in caplog.text
    with pytest.raises(WeightsError, match="otherwise here.*--engine torch"):
        engine_of(trained, Choice.OPENVINO)


def test_graphs_of_older_weights_go_and_of_other_networks_stay(tmp_path: Path) -> None:
    other = graph_of(small_classifier(tmp_path, name="other"))
    old = graph_of(small_classifier(tmp_path, seed=1))
    new = graph_of(small_classifier(tmp_path, seed=2))
    assert new.exists() and other.exists() and not old.exists()


def test_names_that_go_on_alike_are_other_networks(tmp_path: Path) -> None:
    longer = graph_of(small_classifier(tmp_path, name="small-three-class"))
    graph_of(small_classifier(tmp_path))
    assert longer.exists()


def test_others_may_read_what_one_exported(trained: Trained) -> None:
    assert graph_of(trained).parent.stat().st_mode & 0o055 == 0o055


def test_what_a_killed_export_left_behind_goes(trained: Trained) -> None:
    old, new = (trained.folder / ".graphs" / f".partial-{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    graph_of(trained)
    assert new.exists() and not old.exists()


def test_weights_that_were_replaced_meanwhile_get_no_graph_of_the_old_name(
    trained: Trained,
) -> None:
    small_classifier(trained.folder, seed=5)
    with pytest.raises(WeightsError, match="replaced while they were being loaded"):
        graph_of(trained)


def test_weights_that_may_only_be_read_get_a_graph_for_this_process(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = tempfile.mkdtemp

    def refuses(**options: str | Path) -> str:
        if "dir" in options:
            raise PermissionError(13, "Permission denied")
        return make(**options)

    monkeypatch.setattr(tempfile, "mkdtemp", refuses)
    graph = graph_of(trained)
    assert graph.exists() and trained.folder not in graph.parents
    assert graph_of(trained) == graph, "exported again"
    shutil.rmtree(graph.parent)


def test_a_graph_that_answers_otherwise_is_not_kept(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = OpenVinoEngine.run
    monkeypatch.setattr(
        OpenVinoEngine, "run", lambda self, x: tuple(y * 1.01 for y in honest(self, x))
    )
    with pytest.raises(WeightsError, match="answers otherwise than PyTorch"):
        graph_of(trained)
    assert list((trained.folder / ".graphs").iterdir()) == []


def shipped(kind: Kind, folder: Path) -> Trained:
    name = kind.value
    return Trained(kind, folder, name, read_pair(folder, name)[0]["sha256"], PREPROCESS.size_px)


@pytest.mark.parametrize(("kind", "folder"), [(Kind.GATE, GATE), (Kind.LUNGS, LUNGS)])
def test_gate_and_lungs_answer_as_pytorch(kind: Kind, folder: Path) -> None:
    trained = shipped(kind, folder)
    engine = OpenVinoEngine(graph_of(trained), Precision.FLOAT32, Lanes())
    x = films(3, PREPROCESS.size_px)
    for ours, theirs in zip(engine.run(x), TorchEngine(reference(trained)).run(x), strict=True):
        assert ours.shape == theirs.shape and theirs.std() > 0
        assert np.abs(ours - theirs).max() < 1e-4 * max(1, np.abs(theirs).max())


def test_a_classifier_answers_as_pytorch_film_by_film(trained: Trained) -> None:
    engine = OpenVinoEngine(graph_of(trained), Precision.FLOAT32, Lanes())
    x = films(3, SIDE)
    (ours,), (theirs,) = engine.run(x), TorchEngine(reference(trained)).run(x)
    assert ours.shape == theirs.shape == (3, 512, 3, 3)
    assert np.abs(ours - theirs).max() < 1e-4
    (alone,) = engine.run(x[1:2])
    assert np.array_equal(alone[0], ours[1]), "a film's answer depends on those beside it"


def test_an_opacity_map_is_exported_in_the_same_graph(tmp_path: Path) -> None:
    weights = save_opacity_weights(tmp_path)
    trained = classifier(weights, SHIPPED, read_card(weights))
    engine = OpenVinoEngine(graph_of(trained), Precision.FLOAT32, Lanes())
    x = films(3, OPACITY_PX)
    ours, theirs = engine.run(x), TorchEngine(reference(trained)).run(x)
    assert [one.shape for one in ours] == [(3, 512, 4, 4), (3, 1, 4, 4)]
    for one, other in zip(ours, theirs, strict=True):
        assert other.std() > 0.01
        assert np.abs(one - other).max() < 1e-4 * max(1, np.abs(other).max())


@pytest.mark.parametrize("side", [160, 150])  # 150: to 75, which SAME padding treats otherwise
def test_asymmetric_padding_is_exported(tmp_path: Path, side: int) -> None:
    trained = small_classifier(tmp_path, architecture="efficientnet_lite0", side=side)
    engine = OpenVinoEngine(graph_of(trained), Precision.FLOAT32, Lanes())
    x = films(2, side)
    (ours,), (theirs,) = engine.run(x), TorchEngine(reference(trained)).run(x)
    assert ours.shape == theirs.shape == (2, 1280, 5, 5)
    assert theirs.std() > 0.1
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()


def test_a_process_of_the_page_never_holds_pytorch(trained: Trained) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from covid_core.engines.choice import engine_of;"
        "from covid_core.engines.trained import Kind, Trained;"
        "import numpy as np;"
        f"engine = engine_of(Trained(Kind.CLASSIFIER, Path({str(trained.folder)!r}), 'small',"
        f" {trained.sha256!r}, {SIDE}));"
        f"print(engine.title, engine.run(np.zeros((1, 1, {SIDE}, {SIDE}), 'f4'))[0].shape,"
        " 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.startswith("OpenVINO"), run.stderr
    assert run.stdout.endswith("(1, 512, 3, 3) False\n")
