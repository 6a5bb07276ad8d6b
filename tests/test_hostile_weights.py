"""Weights that someone broke, or made to break in: each is refused in words, and none runs code.

Every kind of network is loaded from a copy that was whole, with one thing wrong. Where the card
vouches for the wrong tensors, only what is in them can tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from pickle import dumps
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from covid_core.engines.choice import Choice
from covid_core.engines.graphs import graph_of
from covid_core.engines.proof import read_proof
from covid_core.engines.trained import classifier
from covid_core.errors import WeightsError
from covid_core.model.card import SHIPPED, WEIGHTS, read_audit, read_card
from covid_core.model.gate_network import GateNetwork
from covid_core.model.lungs_network import LungNetwork
from covid_core.model.network_files import load_weights, write_network
from covid_core.model.networks import Network
from covid_core.model.tensors import read_card_file, write_card
from covid_core.predict.gate import Gate
from covid_core.predict.lungs import Lungs
from covid_core.predict.predictor import Predictor
from covid_core.prepare.preprocess import Preprocess
from tests.models import save_network

LOADERS: dict[str, Callable[[Path], object]] = {
    "small": lambda folder: load_weights(folder, "small"),
    "small, as the page does": lambda folder: Predictor.load(folder, "small", gated=False),
    "gate": lambda folder: Gate.load(folder, Choice.TORCH),
    "lungs": lambda folder: Lungs.load(folder, Choice.TORCH),
}
Break = Callable[
    [Path, Path, Path], object
]  # given the tensor file, its card, and the canary's path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small network of each kind, the classifier's graph exported."""
    folder = tmp_path_factory.mktemp("whole")
    torch.manual_seed(0)
    card = save_network(
        Network("cnn4").eval(),
        folder,
        preprocess=Preprocess(size_px=64),
        full_heat=0.1,
        recipe="small",
    )
    graph_of(classifier(folder, "small", card))
    thresholds = Gate.load().card.thresholds
    write_network(
        GateNetwork(),
        folder,
        "gate",
        thresholds=thresholds,
        measured={},
        never_seen=[],
        films={},
        training={},
    )
    write_network(LungNetwork(), folder, "lungs", films={}, training={})
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of their cards alone."""
    (tmp_path / "weights").mkdir()
    for card in whole.glob("*.json"):
        shutil.copy(card, tmp_path / "weights")
    return tmp_path / "weights"


def with_its_tensors(folder: Path, whole: Path, loader: str) -> str:
    """Copies what a loader reads besides the card; gives the network's name."""
    name, _, graph = loader.partition(",")
    shutil.copy(whole / f"{name}.safetensors", folder)
    if graph:
        shutil.copytree(whole / ".graphs", folder / ".graphs")
    return name


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def edited(**changes: object) -> Break:
    return lambda tensors, card, _: write_card(
        card.parent, card.stem, read_card_file(card) | changes
    )


def vouched(change: Callable[[Path, Path], object]) -> Break:
    """Tensors changed, and a card that has their SHA-256."""

    def apply(tensors: Path, card: Path, canary: Path) -> None:
        change(tensors, canary)
        digest = hashlib.sha256(tensors.read_bytes()).hexdigest()
        edited(sha256=digest)(tensors, card, canary)

    return apply


def saved_by_torch(zipped: bool) -> Break:
    return vouched(
        lambda tensors, canary: torch.save(
            {"head.linear.weight": Trap(canary)}, tensors, _use_new_zipfile_serialization=zipped
        )
    )


def with_tensors(change: Callable[[dict[str, torch.Tensor], str], object]) -> Break:
    """`change`: of the tensors by name, given the name of the last layer's weight."""

    def apply(tensors: Path, canary: Path) -> None:
        held = load(tensors.read_bytes())
        change(held, next(name for name in held if name in ("head.linear.weight", "last.weight")))
        tensors.write_bytes(save(held))

    return vouched(apply)


def filled(value: float) -> Break:
    return with_tensors(lambda held, last: held[last].view(-1)[:1].fill_(value))


def cut(share: float) -> Callable[[Path, Path], object]:
    return lambda path, _: os.truncate(path, int(share * (path.stat().st_size - 1)))


def flipped(share: float) -> Break:
    def apply(tensors: Path, card: Path, canary: Path) -> None:
        data = bytearray(tensors.read_bytes())
        data[int(share * (len(data) - 1))] ^= 1
        tensors.write_bytes(data)

    return apply


def announce_a_terabyte(tensors: Path, canary: Path) -> None:
    tensors.write_bytes((10**12).to_bytes(8, "little") + tensors.read_bytes()[8:])


def in_its_place(make: Callable[[Path], object]) -> Break:
    def apply(tensors: Path, card: Path, canary: Path) -> None:
        tensors.unlink()
        make(tensors)

    return apply


def a_card_of(data: bytes) -> Break:
    return lambda tensors, card, canary: card.write_bytes(data)


def change_a_digit(tensors: Path, card: Path, canary: Path) -> None:
    text = card.read_text()
    place = text.index(": ", text.index("created")) + 3  # of the year
    card.write_text(f"{text[:place]}1{text[place + 1 :]}")


SHARES = (0.0, 0.5, 1.0)
BROKEN: dict[str, tuple[str, Break]] = {
    "pickle": ("not those", vouched(lambda path, trap: path.write_bytes(dumps(Trap(trap))))),
    "legacy pickle by torch": ("not those", saved_by_torch(zipped=False)),
    "pickle by torch": ("not those", saved_by_torch(zipped=True)),
    **{f"cut at {s}": ("damaged", lambda path, _, c, s=s: cut(s)(path, c)) for s in SHARES},
    **{f"cut at {s}, vouched for": ("not those", vouched(cut(s))) for s in SHARES},
    **{f"a bit flipped at {s}": ("damaged", flipped(s)) for s in SHARES},
    "a header of a terabyte": ("not those", vouched(announce_a_terabyte)),
    "NaN": ("NaN|not those", filled(torch.nan)),
    "infinity": ("NaN|not those", filled(torch.inf)),
    "float64": ("not those", with_tensors(lambda held, n: held.update({n: held[n].double()}))),
    "integers": ("not those", with_tensors(lambda held, n: held.update({n: held[n].int()}))),
    "a tensor missing": ("not those", with_tensors(lambda held, n: held.pop(n))),
    "one too many": ("not those", with_tensors(lambda held, n: held.update(more=held[n].clone()))),
    "another shape": ("not those", with_tensors(lambda held, n: held.update({n: held[n][None]}))),
    "another network's": ("not those", with_tensors(lambda held, n: held.clear())),
    "another run's": ("damaged", edited(sha256="0" * 64)),
    "no tensor file": ("can't be read", in_its_place(lambda path: None)),
    "a folder": ("no file", in_its_place(Path.mkdir)),
    "a pipe nobody writes to": ("no file", in_its_place(getattr(os, "mkfifo", Path.mkdir))),
    "a link to what never ends": ("no file", in_its_place(lambda p: p.symlink_to("/dev/zero"))),
    "a card that is a list": ("no JSON", a_card_of(b"[1, 2]")),
    "a card that is a number": ("no JSON", a_card_of(b"1")),
    "a card that is deep": ("no JSON", a_card_of(b'{"a": ' * 100_000)),
    "a card that is huge": ("larger than", lambda _, card, canary: os.truncate(card, 10**12)),
    "a card with NaN": ("no JSON", a_card_of(b'{"sha256": NaN}')),
    "a card of nothing": ("missing|damaged", a_card_of(b"{}")),
    "a card that is no text": ("no JSON", a_card_of(b"\xff\xfe\x00")),
    "a digit of the card changed": ("no longer says", change_a_digit),
}


@pytest.mark.parametrize("loader", list(LOADERS))
@pytest.mark.parametrize("broken", list(BROKEN))
def test_refused_in_words_and_no_code_run(
    folder: Path, whole: Path, tmp_path: Path, loader: str, broken: str
) -> None:
    words, apply = BROKEN[broken]
    name = with_its_tensors(folder, whole, loader)
    apply(folder / f"{name}.safetensors", folder / f"{name}.json", tmp_path / "canary")
    with pytest.raises(WeightsError, match=words) as refused:
        LOADERS[loader](folder)
    assert str(folder) in str(refused.value.file) and refused.value.remedy
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("loader", list(LOADERS))
def test_whole_ones_are_taken(folder: Path, whole: Path, loader: str) -> None:
    with_its_tensors(folder, whole, loader)
    LOADERS[loader](folder)


GARBLED: dict[str, tuple[Any, str]] = {
    "format_version": (2, "format 2"),
    "architecture": ("alexnet", "architecture is 'alexnet'"),
    "classes": (["covid", "normal", "pneumonia"], "classes: they must be those of a recipe"),
    "preprocess.version": (0, "preprocessing 0"),
    "preprocess.size_px": ("64", "size_px"),
    "preprocess.fit": ("stretched", "preprocess"),
    "preprocess.tone": (None, "preprocess"),
    "preprocess.std": (0.0, "preprocess"),
    "preprocess.smooth_px": (1e9, "preprocess"),
    "preprocess.low_percentile": (100.0, "preprocess"),
    "preprocess.unknown": (1, "unknown"),
    "head_depth": ("1", "head_depth"),
    "head": ({"cells": 64, "hidden": [{"width": 1024}]}, "head"),
    "full_heat": (0.0, "full_heat"),
    "fine_opacity": (True, "has no fine_opacity"),
    "recipe": ("../../elsewhere", "recipe"),
    "created": (20261122, "created"),
    "films": ([], "films"),
    "rules.weights": ([[1.0, 0.0], [0.0, 1.0]], "rules"),
    "rules.bias": ([0.0, "0", 0.0], "rules"),
    "rules.least": ([0.5, 0.5, -0.5], "rules"),
    "rules.coverage": (95, "rules"),
    "rules.points": ([], "rules"),
}


@pytest.mark.parametrize("name", list(GARBLED))
def test_a_card_that_can_t_be_worked_with_is_refused(folder: Path, name: str) -> None:
    value, words = GARBLED[name]
    card = read_card_file(folder / "small.json")
    *part, last = name.split(".")
    (card[part[0]] if part else card)[last] = value
    write_card(folder, "small", card)
    with pytest.raises(WeightsError, match=words) as refused:
        read_card(folder, "small")
    assert refused.value.file == str(folder / "small.json") and refused.value.remedy


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "true", "null"])
@pytest.mark.parametrize("named", ["full_heat", "threshold"])
def test_what_is_no_number_is_refused_in_a_card_without_a_seal(
    folder: Path, number: str, named: str
) -> None:
    card = read_card_file(folder / "small.json")
    card["rules"]["points"][0]["threshold"] = card["full_heat"] = 0.125
    text = json.dumps(card)
    assert text.count(f'"{named}": 0.125') == 1
    (folder / "small.json").write_text(text.replace(f'"{named}": 0.125', f'"{named}": {number}'))
    with pytest.raises(WeightsError):
        read_card(folder, "small")


def test_no_byte_of_the_shipped_card_can_change_unnoticed(tmp_path: Path) -> None:
    """As no byte of the tensors can: a digit of the calibration counts as much."""
    names = [f"{SHIPPED}{end}.json" for end in ("", ".engines", ".audit")]
    names = [name for name in names if (WEIGHTS / name).exists()]
    held = {name: (WEIGHTS / name).read_bytes() for name in names}
    card = read_card(WEIGHTS)
    answers = {
        f"{SHIPPED}.json": lambda: read_card(tmp_path),
        f"{SHIPPED}.engines.json": lambda: read_proof(tmp_path, SHIPPED, card.sha256),
        f"{SHIPPED}.audit.json": lambda: read_audit(tmp_path, card),
    }
    drawing, refused = np.random.default_rng(8), 0
    for name in names:
        ask = answers[name]
        (tmp_path / name).write_bytes(held[name])
        whole = ask()
        assert whole is not None
        for place in drawing.integers(0, len(held[name]), 60):
            data = bytearray(held[name])
            data[place] ^= 1 << int(drawing.integers(7))
            (tmp_path / name).write_bytes(data)
            try:
                found = ask()
            except WeightsError:
                found = None
            refused += found is None
            assert found in (None, whole), f"{name}, byte {place}: {data[place - 9 : place + 9]!r}"
    assert refused > 50 * len(names), "hardly any change was noticed"


@pytest.mark.parametrize("value", [None, True, "0.5", float("nan"), float("inf")])
def test_a_gate_without_a_threshold_would_let_everything_pass(
    folder: Path, whole: Path, value: object
) -> None:
    with_its_tensors(folder, whole, "gate")
    card = read_card_file(folder / "gate.json")
    card["thresholds"]["other"] = value
    write_card(folder, "gate", card)
    with pytest.raises(WeightsError, match="thresholds.other"):
        Gate.load(folder, Choice.TORCH)
