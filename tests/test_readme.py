"""The commands of README, reading.md and training.md run as written, in a copy of the tree."""

from __future__ import annotations

import csv
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.models import DenseNet121_Weights, densenet121

from covid_core.datasets.manifest import read_manifest
from covid_core.explain.known_films import KnownFilms
from covid_core.explain.known_index import FOLDER as KNOWN
from covid_core.model.card import read_card
from covid_core.model.network_files import load_weights
from covid_core.model_card.card import model_card, read_beside
from covid_core.predict.gate import GATE, Gate
from covid_core.predict.lungs import LUNGS, Lungs
from covid_core.read.phantom import KINDS, draw_phantom
from covid_core.read.reading import read_file
from tests.servers import wait_for_page

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parent.parent
WEIGHTS = ROOT / "weights"
README, READING, TRAINING, RESULTS = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "docs/reading.md", "docs/training.md", "docs/results.md")
)
CARD_LINE = ".venv/bin/python -m covid_core card --documents README.md docs/results.md"


def command(name: str) -> str:
    """The command that a document marks with this name."""
    marked = rf"<!-- {name} -->\n```sh\n(.*?)\n```"
    found = re.findall(marked, "\n".join((README, READING, TRAINING)), re.DOTALL)
    assert len(found) == 1, f"the documents have {len(found)} commands marked {name}"
    return str(found[0])


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files alone, beside an environment that finds this one's packages."""
    clone = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    subprocess.run(["python3", "-m", "venv", "--without-pip", str(clone / ".venv")], check=True)
    [packages] = clone.glob(".venv/lib/python3*/site-packages")
    (packages / "this-environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copy(Path(sys.executable).parent / "streamlit", clone / ".venv/bin/streamlit")
    for i in range(36):
        kind = i % 3
        folder = clone / "my-radiographs" / ("normal", "pneumonia", "covid")[kind]
        folder.mkdir(parents=True, exist_ok=True)
        # Each from its own corner of a phantom, so that no two are near-duplicates.
        film = draw_phantom(KINDS[kind], size_px=320, seed=i)
        left, top = 8 * (i % 6), 20 * (i // 6)
        film = film[top : top + 180, left : left + 180]
        Image.fromarray(film).save(folder / f"image{i // 3}.png")
    return clone


@pytest.fixture
def with_whole_films(clone: Path, tmp_path: Path) -> Path:
    """The same clone with whole phantoms for films: pieces of them are nothing to be read."""
    for name in (".venv", "covid_core", "weights"):
        (tmp_path / name).symlink_to(clone / name)
    for i, kind in enumerate(KINDS):
        film = tmp_path / "my-radiographs" / ("normal", "pneumonia", "covid")[i] / "image0.png"
        film.parent.mkdir(parents=True)
        Image.fromarray(draw_phantom(kind, size_px=320)).save(film)
    return tmp_path


def run(line: str, clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line],
        cwd=clone,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_app_command_opens_the_page(clone: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = {"STREAMLIT_SERVER_PORT": port, "STREAMLIT_SERVER_HEADLESS": "true"}
    install, _, start = command("app").rpartition(" && ")
    assert install == "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"
    shell = ["bash", "-c", start]
    with subprocess.Popen(
        shell, cwd=clone, env={**os.environ, **settings}, start_new_session=True
    ) as app:
        try:
            wait_for_page(f"http://127.0.0.1:{port}", app)
        finally:
            os.killpg(app.pid, 15)


def test_test_command_is_the_one_that_ci_runs() -> None:
    assert command("test").endswith(".venv/bin/python -m pytest")
    assert "<!-- test -->" in (ROOT / ".ci/run").read_text()


def test_predict_command_writes_a_row_and_an_overlay_a_film(with_whole_films: Path) -> None:
    done = run(command("predict"), with_whole_films)
    assert done.returncode == 0, done.stderr
    with (with_whole_films / "results.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    overlays = [path.name for path in (with_whole_films / "overlays").iterdir()]
    assert len(rows) == len({name.partition(".")[0] for name in overlays}) == 3
    assert all(0 <= float(row["heat_in_lungs"]) <= 1 for row in rows if row["heat_in_lungs"])
    for column in rows[0]:
        assert f"`{column}`" in READING, "every column is explained"


def test_bundle_commands_make_one_and_make_it_again(with_whole_films: Path) -> None:
    done = run(command("bundle"), with_whole_films)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((with_whole_films / "bundles").glob("*.zip"))) == 3
    assert done.stdout.count(": the same: ") == 3


@pytest.mark.parametrize("document", [README, READING], ids=["README.md", "reading.md"])
def test_python_lines_run(with_whole_films: Path, document: str) -> None:
    [code] = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    done = subprocess.run(
        [".venv/bin/python", "-c", code],
        cwd=with_whole_films,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_manifest_commands_make_a_clean_split_and_a_report(clone: Path) -> None:
    done = run(command("manifest"), clone)
    assert done.returncode == 0, done.stderr
    assert len(read_manifest(clone / "manifest.parquet")) == 36
    assert "What will mislead a model" in (clone / "manifest.html").read_text()
    done = run(command("check"), clone)
    assert done.returncode == 0, done.stderr
    assert "the split is clean" in done.stdout


def test_train_command_makes_weights(clone: Path, tmp_path: Path) -> None:
    """Without a network: torchvision finds ImageNet weights, of random numbers, in its cache."""
    cached = tmp_path / "hub" / "checkpoints" / Path(DenseNet121_Weights.IMAGENET1K_V1.url).name
    cached.parent.mkdir(parents=True)
    torch.save(densenet121(weights=None).state_dict(), cached)
    done = run(command("train"), clone, TORCH_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    _, card = load_weights(clone / "my-weights")
    assert card.training["init"] == "imagenet"
    beside = read_beside(card, clone / "my-weights")
    assert (clone / "my-weights" / "README.md").read_text() == model_card(card, beside)


def test_index_command_makes_the_index_of_those_weights(clone: Path) -> None:
    done = run(command("index"), clone)
    assert done.returncode == 0, done.stderr
    known = KnownFilms.load(clone / "my-weights", read_card(clone / "my-weights"))
    assert known is not None
    films = map(read_file, (clone / "my-radiographs").rglob("*.png"))
    exact = [seen.exact for film in films if (seen := known.seen(film))]
    assert sum(exact) == len(known)


def test_baselines_command_measures_them_again(clone: Path) -> None:
    weights = clone / "my-weights"
    before = read_card(weights).results.baselines
    done = run(command("baselines"), clone)
    assert done.returncode == 0, done.stderr
    assert set(read_card(weights).results.baselines) == set(before)


def test_audit_command_writes_a_report(clone: Path) -> None:
    """After the train command, which made the weights; with films too few to calibrate on.

    On fewer films than by default: their number is no part of what the document promises.
    """
    done = run(f"{command('audit')} --probes 8 --maps 4 --corruptions 4", clone)
    assert done.returncode == 0, done.stderr
    assert "AUROC lost to corruptions" in done.stdout
    assert "Spoilt films" in (clone / "audit.html").read_text(encoding="utf-8")


def test_evaluate_command_compares(clone: Path) -> None:
    done = run(command("evaluate"), clone)
    assert done.returncode == 0, done.stderr
    ours = r"\| ours \| [^|]+ \| clean test part; COVID-19 against the rest \|"
    assert re.search(ours, done.stdout)
    assert "| **densenet121** | the study's figure |" in done.stdout
    assert "another split" not in done.stdout
    assert (clone / "report.html").stat().st_size > 1_000_000


def test_help_command_runs(clone: Path) -> None:
    assert ".venv/bin/python train.py --help" in TRAINING
    done = run(".venv/bin/python train.py --help", clone)
    assert "--resume" in done.stdout


def test_what_is_shipped_is_small_and_whole() -> None:
    tensors = list(WEIGHTS.rglob("*.safetensors"))
    assert all(path.stat().st_size < 20_000_000 for path in tensors)
    assert sum(path.stat().st_size for path in tensors) < 60_000_000
    for path in tensors:
        if path.parent == LUNGS:
            Lungs.load(LUNGS)
        elif path.parent == GATE:
            Gate.load(GATE)
        elif path.parent == WEIGHTS / KNOWN:
            assert KnownFilms.load(WEIGHTS, read_card(WEIGHTS, path.stem))
        else:
            load_weights(path.parent, path.stem)
    assert {LUNGS, GATE, WEIGHTS} <= {path.parent for path in tensors}


def test_card_command_writes_the_card_of_those_weights(clone: Path) -> None:
    """After the audit, whose figures the card has from then on."""
    written = clone / "my-weights" / "README.md"
    before = written.read_text(encoding="utf-8")
    done = run(command("card"), clone)
    assert done.returncode == 0, done.stderr
    title = next(line for line in before.splitlines() if line.startswith("# "))
    after = written.read_text(encoding="utf-8")
    assert title in after.splitlines()
    assert "### Groups" in after and "### Groups" not in before


def test_the_documents_figures_are_those_of_the_cards(clone: Path) -> None:
    assert CARD_LINE in RESULTS
    written = [clone / name for name in ("README.md", "docs/results.md", "weights/README.md")]
    before = [path.read_text(encoding="utf-8") for path in written]
    done = run(CARD_LINE, clone)
    assert done.returncode == 0, done.stderr
    assert [path.read_text(encoding="utf-8") for path in written] == before
