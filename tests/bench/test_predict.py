"""The benchmark measures what it says: whole ways from bytes to heat, each side's own, no less."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from covid_core.__main__ import main
from covid_core.bench import files, predict
from covid_core.bench.another_state import reader_of
from covid_core.bench.limit import matrix_rate, operations
from covid_core.bench.plain import torchvision_way
from covid_core.bench.timing import medians
from covid_core.engines.engine import Precision
from covid_core.engines.trained import reference
from covid_core.errors import CovidCoreError
from covid_core.read.reading import read_radiograph
from tests.engines.networks import SIDE, small_classifier


def test_sides_take_turns_and_the_first_call_of_a_turn_is_dropped() -> None:
    called: list[str] = []
    found = medians({name: lambda name=name: called.append(name) for name in "ab"}, rounds=2)
    assert "".join(called) == "ab" + "aaabbb" * 2
    assert set(found) == {"a", "b"} and min(found.values()) >= 0


def test_files_are_what_they_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_SMALL_PX", 256)
    monkeypatch.setattr(files, "_LARGE_PX", 320)
    made = files.files()
    assert [read_radiograph(data).source_format.split(",")[0] for data in made.values()] == [
        "PNG",
        "JPEG",
        "DICOM",
    ]
    assert [read_radiograph(data).width_px for data in made.values()] == [256, 256, 320]
    dicom = pydicom.dcmread(io.BytesIO(made["320 px DICOM"]))
    assert dicom.BitsStored == 12 and dicom.pixel_array.max() > 2048


def test_a_convolution_s_operations_are_counted(tmp_path: Path) -> None:
    counted = operations(reference(small_classifier(tmp_path)), SIDE)
    first = 2 * 64 * 7 * 7 * (SIDE // 2) ** 2
    assert counted > 5 * first, "ResNet-18's first layer is a small part of it"
    assert counted == pytest.approx(0.64e9, rel=0.2)  # 3.5 GFLOP at 224 px, by (96 / 224) squared


def test_a_matrix_rate_is_that_of_a_processor() -> None:
    assert 1e9 < matrix_rate(Precision.FLOAT32) < 1e15


def test_the_plain_way_gives_probabilities_and_heat() -> None:
    film = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 280), np.uint8))
    file = io.BytesIO()
    film.save(file, "PNG")
    probabilities, heat = torchvision_way()(file.getvalue())
    assert probabilities.sum() == pytest.approx(1, abs=1e-5) and len(probabilities) == 3
    assert heat.shape == (224, 224) and 0 <= heat.min() < heat.max() <= 1


def test_the_command_prints_whole_ways_stages_and_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_classifier(tmp_path)
    monkeypatch.setattr(files, "_SMALL_PX", 256)
    monkeypatch.setattr(files, "_LARGE_PX", 320)
    options = ["--weights", str(tmp_path), "--recipe", "small", "--rounds", "1"]
    options += ["--against", str(Path(__file__).parents[2])]
    assert main(["bench", "predict", *options]) == 0
    output = capsys.readouterr().out
    lines = [line.split("|")[1].strip() for line in output.splitlines() if line.startswith("|")]
    assert lines[2:5] == lines[7:10] == ["256 px PNG", "256 px JPEG", "320 px DICOM"]
    assert predict.PLAIN in output and predict.FORWARD in output
    assert predict.AGAINST in output and "times the least limit" in output
    assert output.count("limit: ") == 2 and "OpenVINO" in output and "PyTorch" in output


def test_a_checkout_that_does_not_run_is_named(tmp_path: Path) -> None:
    small_classifier(tmp_path)
    with (
        pytest.raises(CovidCoreError, match="does not read a radiograph") as refused,
        reader_of(tmp_path, tmp_path / "none", "small", {}),
    ):
        pass
    assert refused.value.file == str(tmp_path)
