"""The lung network: overlap by hand, weights that come back, and outlines that can be learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from covid_core.__main__ import main
from covid_core.datasets.layouts import cohen
from covid_core.errors import DatasetError, WeightsError
from covid_core.model.lungs_network import LungNetwork
from covid_core.model.tensors import read_card_file, write_card
from covid_core.predict.lungs import LUNGS, Lungs, dice, remove_islands
from covid_core.read.phantom import draw_phantom
from covid_core.training.lungs import read_outlined, save_lungs, train_lungs


def test_overlap_is_that_of_a_person() -> None:
    truth = np.zeros((2, 4, 4), bool)
    truth[:, :2] = True
    found = np.zeros((2, 4, 4), bool)
    found[0, 1:3] = True
    found[1, :2] = True
    assert dice(truth, found) == pytest.approx([0.5, 1.0])
    assert dice(~truth & truth, found)[0] == 0


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cohen-style folder of 40 bright-lunged films, two a patient, with their outlines."""
    root = tmp_path_factory.mktemp("cohen")
    (root / "images").mkdir()
    (root / "lung_masks").mkdir()
    lines = ["patientid,finding,view,modality,filename,age,sex"]
    drawing = np.random.default_rng(0)
    for i in range(40):
        film = drawing.normal(120, 20, (160, 160))
        mask = np.zeros((160, 160), bool)
        top = int(drawing.integers(20, 50))
        for left in (25, 90):
            mask[top : top + 80, left : left + 40] = True
        film[mask] -= 80
        Image.fromarray(np.clip(film, 0, 255).astype(np.uint8)).save(root / f"images/{i}.png")
        Image.fromarray(mask).save(root / f"lung_masks/{i}.png")
        lines.append(f"p{i // 2},COVID-19,PA,X-ray,{i}.png,,")
    (root / "metadata.csv").write_text("\n".join(lines))
    assert cohen.recognises(root)
    return root


def test_patients_and_outlines_are_read(collection: Path) -> None:
    outlined = read_outlined(collection)
    assert outlined.pictures.shape == outlined.masks.shape == (40, 128, 128)
    assert set(np.unique(outlined.masks)) == {0, 255}
    assert len(set(outlined.patients)) == 20


def test_outlines_are_learnt_and_patients_kept_apart(collection: Path) -> None:
    network, overlap, trained = train_lungs(read_outlined(collection), epochs=12, seed=0)
    assert trained == 30 and overlap.n == 10
    assert overlap.value > 0.85
    assert isinstance(network, LungNetwork)


def test_command_writes_weights_that_load(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lungs", str(collection), "--out", str(tmp_path), "--epochs", "1"]) == 0
    assert "10 radiographs of patients who did not train it; 30 did" in capsys.readouterr().out
    lungs = Lungs.load(tmp_path)
    assert lungs.card.films == {"train": 30, "test": 10}
    mask = lungs.mask(np.random.default_rng(0).random((300, 200)).astype(np.float32))
    assert (mask.shape, mask.dtype) == ((128, 128), np.float32)
    assert 0 <= mask.min() < mask.max() <= 1


def test_a_folder_without_outlines_is_refused(tmp_path: Path) -> None:
    for kind in ("normal", "covid"):
        (tmp_path / kind).mkdir()
        Image.fromarray(draw_phantom(size_px=200)).save(tmp_path / kind / "a.png")
    with pytest.raises(DatasetError, match="only 0 radiographs with outlines"):
        read_outlined(tmp_path)


@pytest.mark.parametrize("damage", ["flipped byte", "no card", "another network"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    torch.manual_seed(0)
    save_lungs(LungNetwork(), tmp_path, films={}, training={})
    tensors, card = tmp_path / "lungs.safetensors", tmp_path / "lungs.json"
    Lungs.load(tmp_path)
    if damage == "flipped byte":
        data = bytearray(tensors.read_bytes())
        data[-1] ^= 1
        tensors.write_bytes(data)
    elif damage == "no card":
        card.unlink()
    else:
        write_card(tmp_path, "lungs", read_card_file(card) | {"kind": "other"})
    with pytest.raises(WeightsError):
        Lungs.load(tmp_path)


def test_shipped_lungs_are_small_and_find_the_phantom_s() -> None:
    assert (LUNGS / "lungs.safetensors").stat().st_size < 2_500_000
    lungs = Lungs.load()
    assert lungs.card.dice.value >= 0.9
    mask = lungs.mask((draw_phantom(size_px=512) / 255).astype(np.float32)) > 0.5
    assert 0.15 < mask.mean() < 0.5
    left, right = mask[:, :64].mean(), mask[:, 64:].mean()
    assert left > 0.1 and right > 0.1
    assert not mask[:, 62:66].any(axis=1)[40:80].all(), "the spine lies between the lungs"


def test_islands_too_small_for_a_lung_are_dropped() -> None:
    mask = np.zeros((128, 128), bool)
    mask[20:100, 20:50] = mask[20:100, 80:110] = True
    with_islands = mask.copy()
    with_islands[110:118, 60:70] = with_islands[2, 2] = True
    with_islands[104:124, 55:75] = True  # the stomach's air: large, but not beside a lung
    assert np.array_equal(remove_islands(with_islands), mask)
    assert not remove_islands(np.zeros((128, 128), bool)).any()
