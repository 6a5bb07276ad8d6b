"""The network: torchvision's DenseNet-121 on grey, whatever it starts from."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from safetensors.torch import save_file
from torchvision import models
from torchvision.models import DenseNet121_Weights, densenet121

from covid_core.errors import WeightsError
from covid_core.model.head_plan import HeadPlan, HiddenLayer, deep_head
from covid_core.model.initial_weights import initial_state, initialise
from covid_core.model.networks import ARCHITECTURES, Network

TORCHVISION_S = [
    name for name, a in ARCHITECTURES.items() if isinstance(a.imagenet, models.WeightsEnum)
]


@pytest.fixture(scope="module")
def colour_network() -> torch.nn.Module:
    torch.manual_seed(0)
    return densenet121(weights=None).eval()


def test_has_torchvision_s_parameters_but_for_colour_and_head() -> None:
    ours = sum(p.numel() for p in Network().parameters())
    theirs = sum(p.numel() for p in densenet121(weights=None).parameters())
    assert theirs == 7_978_856
    assert theirs - ours == 2 * 64 * 7 * 7 + 1025 * (1000 - 3)


def test_feature_map_of_torchvision_s_weights_is_torchvision_s(
    colour_network: torch.nn.Module,
) -> None:
    network = Network().eval()
    filled = initialise(network, colour_network.state_dict())
    assert filled == len(network.state_dict()) - 2  # all but the head's weight and bias
    film = torch.randn(2, 1, 96, 96)
    with torch.inference_mode():
        theirs = torch.relu(colour_network.features(film.expand(-1, 3, -1, -1)))
        ours = network.feature_map(film)
    assert ours.shape == (2, 1024, 3, 3)
    assert ours.min() >= 0
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_feature_map_at_full_size_is_seven_by_seven() -> None:
    with torch.inference_mode():
        assert Network().eval().feature_map(torch.zeros(1, 1, 224, 224)).shape[2:] == (7, 7)


def test_every_form_of_file_is_read(colour_network: torch.nn.Module, tmp_path: Path) -> None:
    state = colour_network.state_dict()
    torch.save(state, tmp_path / "plain.pth")
    torch.save({"state_dict": {f"module.{n}": t for n, t in state.items()}}, tmp_path / "run.pt")
    save_file(state, tmp_path / "safe.safetensors")
    for path in tmp_path.iterdir():
        network = Network()
        found = initial_state(str(path))
        assert found is not None
        initialise(network, found)
        expected = state["features.denseblock4.denselayer16.conv2.weight"]
        assert torch.equal(network.features.denseblock4.denselayer16.conv2.weight, expected)


def test_published_weights_names_are_understood(colour_network: torch.nn.Module) -> None:
    """torchvision publishes `denselayer1.norm.1.weight`, and no count of batches."""
    state = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): tensor
        for name, tensor in colour_network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in state
    network = Network()
    assert initialise(network, state) == len(state) - 2  # all but the classifier
    expected = colour_network.features.denseblock1.denselayer1.norm1.weight
    assert torch.equal(network.features.denseblock1.denselayer1.norm1.weight, expected)


def test_random_starts_from_nothing() -> None:
    assert initial_state("random") is None


def test_without_a_network_the_way_out_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(DenseNet121_Weights, "get_state_dict", unreachable)
    with pytest.raises(WeightsError, match="no route") as refused:
        initial_state("imagenet")
    assert "--init random" in refused.value.remedy


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    torch.save({"features.conv0.weight": Trap(tmp_path / "ran")}, tmp_path / "trap.pth")
    with pytest.raises(WeightsError):
        initial_state(str(tmp_path / "trap.pth"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_files_that_are_no_weights_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError) as refused:
        initial_state(str(path))
    assert refused.value.file == str(path)


@pytest.mark.linux
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("pipe.pth", "pipe.safetensors"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(WeightsError, match="can't be read"):
            initial_state(str(tmp_path / name))


def many_tensors(path: Path) -> None:
    """A safetensors file of a million tensors of one byte, which all share it."""
    one = '"{}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    header = "{" + ",".join(one.format(name) for name in range(1_000_000)) + "}"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode())


def many_in_a_pickle(path: Path) -> None:
    torch.save(dict.fromkeys(range(300_000), 0), path)


def many_in_a_legacy_pickle(path: Path) -> None:
    names = dict.fromkeys(range(300_000), 0)
    torch.save(names, path, _use_new_zipfile_serialization=False)


def many_entries(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in range(6_000):
            archive.writestr(f"archive/data/{name:01000}", b"")


def one_far_unfolded(path: Path) -> None:
    torch.save({"features.conv0.weight": torch.zeros(1).expand(10**12)}, path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.safetensors", many_tensors),
        ("a.pth", many_in_a_pickle),
        ("a.pth", many_in_a_legacy_pickle),
        ("a.pth", many_entries),
        ("a.pth", one_far_unfolded),
    ],
)
def test_a_file_that_makes_more_of_itself_than_any_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, write: Callable[[Path], None]
) -> None:
    """Before its library makes anything of it, but for the one that only its tensor betrays."""
    write(tmp_path / name)
    loaded: list[object] = []
    for module, function in ((torch, "load"), (safetensors.torch, "load")):
        load = getattr(module, function)
        monkeypatch.setattr(
            module, function, lambda *a, load=load, **k: loaded.append(a) or load(*a, **k)
        )
    with pytest.raises(WeightsError) as refused:
        initial_state(str(tmp_path / name))
    assert refused.value.file == str(tmp_path / name)
    assert len(loaded) == (write is one_far_unfolded)


def test_older_forms_of_pytorch_files_are_read(tmp_path: Path) -> None:
    state = {"features.conv0.weight": torch.ones(2)}
    torch.save(state, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    found = initial_state(str(tmp_path / "a.pth"))
    assert found is not None and torch.equal(found["features.conv0.weight"], torch.ones(2))


def test_another_architecture_is_refused() -> None:
    with pytest.raises(WeightsError, match="missing"):
        initialise(Network(), {"layer1.weight": torch.zeros(3)})


@pytest.mark.parametrize("name", list(ARCHITECTURES))
@pytest.mark.parametrize("depth", [0, 4])
def test_every_backbone_takes_grey_films_and_gives_a_map_to_explain(name: str, depth: int) -> None:
    network = Network(name, 2, deep_head(depth)).eval()
    with torch.inference_mode():
        maps = network.feature_map(torch.randn(2, 1, 96, 96))
        assert maps.shape[:2] == (2, ARCHITECTURES[name].channels)
        assert maps.shape[2] > 1
        assert network.head(maps).shape == (2, 2)
    assert len(network.head.plan.hidden) == depth


def test_the_narrow_network_has_the_study_s_layers_to_the_letter() -> None:
    """Its Keras summary lists 5,668,097 parameters, with three colours and one output."""
    plan = HeadPlan(cells=26, hidden=(HiddenLayer(64, slope=0.0, dropout=0.25),))
    network = Network("cnn4_narrow", 1, plan).eval()
    with torch.inference_mode():
        assert network.feature_map(torch.zeros(1, 1, 224, 224)).shape == (1, 128, 26, 26)
    colours = 2 * 32 * 3 * 3
    assert sum(p.numel() for p in network.parameters()) + colours == 5_668_097
    dropped = [m.p for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert [p for p in dropped if p] == [0.5, 0.25, 0.3, 0.25]


def test_a_head_s_modules_stand_where_its_plan_says() -> None:
    plan = HeadPlan(2, 0.5, (HiddenLayer(8, 0.0, 0.25, normalised=True), HiddenLayer(4)))
    head = Network("resnet18", 3, plan).head
    assert plan.places == (0, 4)
    for layer, place in zip(plan.hidden, plan.places, strict=True):
        assert head.hidden[place].out_features == layer.width
    assert isinstance(head.hidden[1], torch.nn.BatchNorm1d)
    assert head.hidden[0].in_features == 512 * 2 * 2
    assert (head.dropout.p, head.hidden[3].p, head.hidden[2].negative_slope) == (0.5, 0.25, 0.0)


@pytest.mark.parametrize("name", TORCHVISION_S)
def test_torchvision_s_weights_fill_every_backbone(name: str) -> None:
    """From their own names; a grey film gets what the colour network gives the film thrice."""
    torch.manual_seed(1)
    theirs = getattr(models, name)(weights=None).eval()
    ours = Network(name, outputs=3).eval()
    initialise(ours, theirs.state_dict())
    film = torch.randn(1, 1, 64, 64)
    features = (
        torch.nn.Sequential(*list(theirs.children())[:-2])
        if name == "resnet18"
        else (theirs.features)
    )
    with torch.inference_mode():
        expected = features(film.expand(-1, 3, -1, -1))
        assert torch.allclose(ours.features(film), expected, atol=1e-3, rtol=1e-3)


def test_the_four_layer_network_has_no_imagenet_weights() -> None:
    with pytest.raises(WeightsError, match="no ImageNet weights of cnn4"):
        initial_state("imagenet", "cnn4")
