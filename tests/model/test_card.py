"""Weights: back as they were stored, and refused in words when they are not what the card says."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save

from covid_core.errors import WeightsError
from covid_core.findings import CLASSES, Finding
from covid_core.model.card import AUDIT, PROOF, read_any_card, read_card, read_cards, save_card
from covid_core.model.network_files import as_stored, load_weights
from covid_core.model.networks import Network
from covid_core.model.results import Results, Summary
from covid_core.model.tensors import read_card_file, write_card
from covid_core.prepare.preprocess import Preprocess
from tests.models import random_network, save_network, save_random_weights

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "weights"
CARD, TENSORS = "densenet121.json", "densenet121.safetensors"
MAX_BYTES = 20_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_random_weights(tmp_path / "weights")


def test_come_back_as_stored(folder: Path) -> None:
    network, card = load_weights(folder)
    stored = as_stored(random_network())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, stored.state_dict()[name].to(tensor.dtype)), name
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not network.training
    assert sorted(path.name for path in folder.iterdir()) == [CARD, TENSORS]
    assert (folder / TENSORS).stat().st_size < MAX_BYTES
    assert card.sha256 == hashlib.sha256((folder / TENSORS).read_bytes()).hexdigest()


def test_storing_changes_no_probability_by_two_thousandths() -> None:
    network = random_network()
    films = torch.randn(4, 1, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before, after = (net(films).softmax(dim=1) for net in (network, as_stored(network)))
    assert 0 < (before - after).abs().max() < 0.002


def edit(**changes: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        write_card(folder, "densenet121", read_card_file(folder / CARD) | changes)

    return apply


def flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / TENSORS).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / TENSORS).write_bytes(data)


def replace_tensors(folder: Path, data: bytes) -> None:
    """Other tensors with a card that vouches for them: only their content is wrong."""
    (folder / TENSORS).write_bytes(data)
    edit(sha256=hashlib.sha256(data).hexdigest())(folder)


def poison(folder: Path) -> None:
    tensors = load_file(folder / TENSORS)
    tensors["head.linear.bias"][0] = float("nan")
    replace_tensors(folder, save(tensors))


def lose_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / TENSORS)
    del tensors["head.linear.bias"]
    replace_tensors(folder, save(tensors))


def other_preprocessing(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    edit(preprocess={**card["preprocess"], "version": 99})(folder)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "no model"),
        (lambda folder: (folder / CARD).unlink(), "no model"),
        (lambda folder: (folder / TENSORS).unlink(), "can't be read"),
        (lambda folder: (folder / CARD).write_text("{"), "no JSON"),
        (lambda folder: (folder / CARD).write_text("{}"), "architecture: it is missing"),
        (lambda folder: os.truncate(folder / TENSORS, 5_000_000), "damaged"),
        (lambda folder: replace_tensors(folder, b"short"), "not those"),
        (flip_a_byte, "damaged"),
        (poison, "NaN"),
        (lose_a_tensor, "not those"),
        (edit(classes=["covid", "normal", "pneumonia"]), "classes"),
        (edit(architecture="alexnet"), "architecture"),
        (edit(format_version=2), "format"),
        (other_preprocessing, "preprocessing"),
    ],
)
def test_anything_wrong_is_refused_in_words(
    folder: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(folder)
    with pytest.raises(WeightsError, match=words) as refused:
        load_weights(folder)
    assert str(folder) in str(refused.value)
    assert refused.value.remedy


@pytest.mark.linux
def test_full_disk_leaves_the_old_weights_whole(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    script = (
        "import sys; from pathlib import Path; from tests.models import save_random_weights;"
        "save_random_weights(Path(sys.argv[1]), seed=1)"
    )

    import resource  # Windows has none

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=small_disk,
        check=False,
    )
    assert "WeightsError" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("file", [1, 2])
def test_disk_full_at_either_file_leaves_the_old_pair(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: int
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    flushed = count(1)

    def full(_: int) -> None:
        if next(flushed) == file:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match="the disk is full"):
        save_random_weights(folder, seed=1)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    load_weights(folder)


def test_card_keeps_what_makes_the_weights_repeatable(tmp_path: Path) -> None:
    films = {"train": {"clinic": {"covid": 3}}}
    results = Results(test=Summary(films=7), storage_change=0.001)
    saved = save_network(
        random_network(),
        tmp_path,
        preprocess=Preprocess(),
        training={"seed": "4"},
        films=films,
        results=results,
        full_heat=0.2,
    )
    card = read_card(tmp_path)
    assert card == saved
    assert card.classes == tuple(finding.value for finding in CLASSES)
    assert (card.preprocess.size_px, card.preprocess.mean, card.preprocess.std) == (224, 0.5, 0.25)
    assert (card.films, card.results, card.training) == (films, results, {"seed": "4"})
    assert card.torch_version == torch.__version__
    head = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    commit = subprocess.run(head, capture_output=True, text=True, check=False).stdout.strip()
    assert commit[:12] in card.git_commit


@pytest.mark.skipif(not (SHIPPED / CARD).exists(), reason="no weights are shipped yet")
def test_shipped_weights_are_sound_and_their_card_complete() -> None:
    network, card = load_weights(SHIPPED)
    assert isinstance(network, Network)
    assert (SHIPPED / TENSORS).stat().st_size < MAX_BYTES
    assert card.classes == ("normal", "pneumonia", "covid")
    assert card.preprocess.size_px == 160
    assert card.results.storage_change < 0.002
    assert card.results.test.classes["covid"].auroc.value >= 0.96  # with films of both kinds
    assert {"train", "validation", "test"} <= set(card.films)
    assert card.git_commit != "unknown"
    assert card.torch_version.startswith("2.")
    assert card == read_card(SHIPPED)


def test_a_study_s_network_of_the_same_name_can_be_measured_but_not_read_films_with(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    save_network(
        Network(outputs=2),
        tmp_path,
        preprocess=Preprocess(),
        full_heat=1.0,
        classes=(Finding.NORMAL, Finding.COVID),
    )
    network, card = load_weights(tmp_path)
    assert network.head.linear.out_features == len(card.classes) == 2
    assert read_cards(tmp_path)["densenet121"] == card
    with pytest.raises(WeightsError, match="classes normal, covid does not fit"):
        read_card(tmp_path)


CARDS = [
    path
    for folder in ("", "recipes", "as-published", "corrected", "teachers")
    for path in sorted((SHIPPED / folder).glob("*.json"))
    if not path.stem.endswith((AUDIT, PROOF))
]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_card_that_is_read_and_written_says_the_same(path: Path, tmp_path: Path) -> None:
    """But for what came later: how borders are cut; a point's sets, and what was measured there."""
    card = read_any_card(path.parent, path.stem)
    save_card(card.replace(recipe=path.stem), tmp_path)
    before, after = read_card_file(path), read_card_file(tmp_path / path.name)
    before["preprocess"].setdefault("borders", "keep")
    for old, new in zip(before["rules"]["points"], after["rules"]["points"], strict=True):
        old["measured_on"] = old["measured_on"] or new["measured_on"]
        old.setdefault("least", None)
        if "calls" in new:  # from the tiers of the test part
            old["calls"] = new["calls"]
    assert after == before
    assert read_any_card(tmp_path, path.stem) == card


def test_a_fault_names_the_file_the_field_and_what_stands_there(folder: Path) -> None:
    edit(full_heat=-1.0, head_depth="one")(folder)
    with pytest.raises(WeightsError) as refused:
        read_card(folder)
    assert str(refused.value).startswith(f"{folder / CARD}: full_heat is -1.0: input should be")
    assert "and 1 more such" in refused.value.problem


def test_a_card_of_the_former_words_is_of_the_same_variant(folder: Path) -> None:
    edit(training={"form": "mended"})(folder)
    assert read_card(folder).variant == "corrected"
    assert read_card(folder).replace(training={}).variant == "ours"
