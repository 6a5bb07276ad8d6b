"""`python -m covid_core predict`: one row a file, whatever the file, and an honest exit status."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covid_core.__main__ import main
from covid_core.batch.per_film_outputs import NO_HEAT, output_name
from covid_core.commands import predict
from covid_core.model.card import read_card
from covid_core.model.head_plan import deep_head
from covid_core.model.networks import Network
from covid_core.model.tasks import TASKS
from covid_core.prepare.preprocess import Preprocess
from covid_core.present.overlay import png
from covid_core.present.rows import columns
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.films import dicom_file
from tests.models import random_weights, save_network

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Two good films, and one of each kind that can't be read."""
    folder = tmp_path / "films"
    (folder / "deeper").mkdir(parents=True)
    good = png(draw_phantom(size_px=256))
    (folder / "good.png").write_bytes(good)
    Image.fromarray(draw_phantom(size_px=300, seed=1)).save(folder / "deeper" / "also good.jpg")
    (folder / "cut.png").write_bytes(good[: len(good) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "page.png").write_bytes(b"<html>not a film</html>")
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(folder / "dot.png")
    return folder


def header_of(text: str) -> tuple[str, ...]:
    return tuple(next(csv.reader(io.StringIO(text))))


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {Path(row["file"]).name: row for row in csv.DictReader(io.StringIO(text))}


def test_folder_gives_one_row_a_file_and_status_1(
    films: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["predict", str(films), "--weights", str(weights)])
    text = capsys.readouterr().out
    rows = rows_of(text)
    assert status == 1
    assert header_of(text) == columns()
    assert sorted(rows) == sorted(path.name for path in films.rglob("*.*"))
    for name in ("good.png", "also good.jpg"):
        assert rows[name]["operating_point"] == "balanced"
        assert rows[name]["heat_in_lungs"] == rows[name]["predictive_value"] == ""
        probabilities = [float(rows[name][f"p_{c}"]) for c in ("normal", "pneumonia", "covid")]
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)
        assert rows[name]["label"] in ("normal", "pneumonia", "covid")
        assert rows[name]["tier"] and rows[name]["decision"]
        assert rows[name]["weights_sha256"] == read_card(weights).sha256
    for name, words in {
        "cut.png": "cut short",
        "empty.png": "empty",
        "page.png": "not a PNG",
        "dot.png": "too small",
    }.items():
        assert (rows[name]["tier"], rows[name]["decision"]) == ("not read", "error")
        assert words in rows[name]["reason"]
        assert rows[name]["p_covid"] == rows[name]["weights_sha256"] == ""


def test_a_name_never_becomes_a_formula_wherever_a_spreadsheet_splits(
    films: Path, weights: Path, tmp_path: Path
) -> None:
    names = ("x;=HYPERLINK(1);.png", 'y";=HYPERLINK(2);".png', "z,=HYPERLINK(3),.png")
    for name in names:
        (films / name).write_bytes((films / "good.png").read_bytes())
    table = tmp_path / "rows.csv"
    given = [str(films / name) for name in names]
    assert main(["predict", *given, "--weights", str(weights), "--csv", str(table)]) == 0
    assert list(rows_of(table.read_text())) == list(names)
    for separator in ";,\t":
        cells = [cell for row in csv.reader(table.open(), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith("=")]


def test_all_good_is_status_0_and_csv_equals_what_is_printed(
    films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, table = str(films / "good.png"), tmp_path / "rows.csv"
    assert main(["predict", good, "--weights", str(weights)]) == 0
    printed = capsys.readouterr().out
    assert main(["predict", good, "--weights", str(weights), "--csv", str(table)]) == 0
    assert capsys.readouterr().out == ""
    assert rows_of(table.read_text()) == rows_of(printed)


def test_a_zip_gives_one_row_a_film_in_it_and_a_damaged_one_its_reason(
    films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, damaged, letter = (tmp_path / name for name in ("ward.zip", "cut.zip", "letter.docx"))
    with zipfile.ZipFile(whole, "w") as archive:
        for name in ("good.png", "empty.png"):
            archive.write(films / name, f"today/{name}")
    damaged.write_bytes(whole.read_bytes()[:-30])
    with zipfile.ZipFile(letter, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<xml>")
    given = [str(whole), str(damaged), str(letter)]
    assert main(["predict", *given, "--weights", str(weights)]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["file"] for row in rows] == [
        "ward.zip/today/good.png",
        "ward.zip/today/empty.png",
        "cut.zip",
        "letter.docx",
    ]
    assert "there is no film in this file" in rows[3]["reason"].lower()
    assert float(rows[0]["p_covid"]) >= 0
    assert "empty" in rows[1]["reason"] and "ZIP file is cut short" in rows[2]["reason"]


def test_films_are_known_by_their_bytes_and_the_rest_is_counted_or_listed(
    films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, good = tmp_path / "disc", (films / "good.png").read_bytes()
    (folder / "DICOM").mkdir(parents=True)
    (folder / "DICOM" / "IM000001").write_bytes(dicom_file(draw_phantom(size_px=256)))
    for name, data in {
        "film.dat": good,
        "DICOMDIR": b"x",
        ".DS_Store": b"x",
        "a.txt": b"x",
    }.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "films.dat", "w") as archive:
        archive.writestr("odd.001", good)
    given = [str(folder), str(folder / "films.dat"), "--weights", str(weights)]
    assert main(["predict", *given]) == 0
    said = capsys.readouterr()
    assert sorted(rows_of(said.out)) == ["IM000001", "film.dat", "odd.001"]
    assert said.err.splitlines()[-5:-2] == [
        "2 passed over: hidden, or a system's own",
        "1 passed over: not a PNG, JPEG, TIFF, WebP or DICOM file by its first bytes",
        "1 passed over: a ZIP file inside a folder, to be given by itself",
    ]
    assert main(["predict", *given, "--list-passed-over"]) == 0
    listed = capsys.readouterr().err
    for name in ("DICOMDIR", ".DS_Store", "a.txt", "films.dat"):
        assert f"passed over: {folder / name}: " in listed


@pytest.mark.parametrize("names", [["good.png"], ["good.png", "empty.png", "deeper/also good.jpg"]])
def test_json_is_one_array(
    films: Path, weights: Path, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["predict", *(str(films / n) for n in names), "--weights", str(weights), "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [Path(row["file"]).name for row in rows] == [Path(name).name for name in names]
    assert all(tuple(row) == columns() for row in rows)


def test_checks_say_of_each_film_what_its_overlay_would(
    films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for number, extra in enumerate((["--saliency", str(tmp_path / "maps")], ["--checks"], [])):
        table = tmp_path / f"{number}.csv"
        main(["predict", str(films), "--weights", str(weights), "--csv", str(table), *extra])
        rows.append(list(rows_of(table.read_text(encoding="utf-8")).values()))
        assert ("were not checked" in capsys.readouterr().err) == (not extra)
    drawn, checked, plain = rows
    assert checked == drawn
    assert checked != plain


def test_saliency_writes_an_overlay_a_film(films: Path, weights: Path, tmp_path: Path) -> None:
    overlays = tmp_path / "overlays"
    main(["predict", str(films), "--weights", str(weights), "--saliency", str(overlays)])
    written = {path.name.split(".")[0]: path for path in overlays.iterdir()}
    good, other = (
        output_name(hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (films / "good.png", films / "deeper" / "also good.jpg")
    )
    assert written.keys() == {good, other}
    with Image.open(written[good]) as overlay:
        assert (overlay.mode, overlay.size) == ("RGB", (256, 256))


def test_shipped_weights_answer_at_every_operating_point(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(films / "good.png")
    for point in ("rule-out", "rule-in"):
        folder = tmp_path / point
        extra = ["--operating-point", point, "--prevalence", "0.1", "--saliency", str(folder)]
        assert main(["predict", good, *extra]) == 0
        row = rows_of(capsys.readouterr().out)["good.png"]
        assert row["operating_point"] == point
        none = any(f".{NO_HEAT}." in path.name for path in folder.glob("*.png"))
        assert none if row["heat_in_lungs"] == "" else 0 <= float(row["heat_in_lungs"]) <= 1
        if row["decision"] == "undecided":
            assert row["predictive_value"] == ""
        else:
            assert 0 < float(row["predictive_value"]) <= 1


def test_a_point_that_the_weights_lack_is_said_at_once(
    films: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ["--weights", str(weights), "--operating-point", "rule-in"]
    assert main(["predict", str(films), *wish]) == 2
    captured = capsys.readouterr()
    assert "no operating point rule-in" in captured.err and captured.out == ""


def test_a_defect_on_one_film_neither_stops_the_others_nor_reveals_what_it_held(
    films: Path,
    weights: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = predict.read_file

    def broken(path: Path) -> Radiograph:
        if path.name == "good.png":
            raise KeyError("Canary^Anna")
        return read(path)

    monkeypatch.setattr(predict, "read_file", broken)
    assert main(["predict", str(films), "--weights", str(weights)]) == 1
    captured = capsys.readouterr()
    rows = rows_of(captured.out)
    assert (
        rows["good.png"]["decision"] == "error" and "did not foresee" in rows["good.png"]["reason"]
    )
    assert rows["also good.jpg"]["p_covid"]
    assert "Canary" not in captured.out + captured.err


def test_what_is_no_film_abstains_and_the_others_are_scored(
    films: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), dtype=np.uint8)
    (films / "noise.png").write_bytes(png(noise))
    assert main(["predict", str(films), "--weights", str(weights)]) == 1
    rows = rows_of(capsys.readouterr().out)
    assert (rows["noise.png"]["tier"], rows["noise.png"]["decision"]) == (
        "not judged",
        "abstained",
    )
    assert rows["noise.png"]["p_covid"] == "" and rows["noise.png"]["reason"]
    assert rows["good.png"]["p_covid"]


@pytest.mark.parametrize("share", ["1.5", "-0.1", "nan"])
def test_a_prevalence_is_a_share(share: str) -> None:
    assert main(["predict", "film.png", "--prevalence", share]) == 2


@pytest.mark.parametrize(
    "arguments", [[], ["predict"], ["predict", "--no-such-flag", "x"], ["bench"], ["no such verb"]]
)
def test_wrong_use_is_status_2(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_empty_folder_and_missing_weights_are_status_2(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nothing").mkdir()
    assert main(["predict", str(tmp_path / "nothing")]) == 2
    assert main(["predict", str(films), "--weights", str(tmp_path / "nothing")]) == 2
    assert "python train.py" in capsys.readouterr().err


def test_unwritable_csv_is_said_without_a_traceback(
    films: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "no such folder" / "rows.csv"
    good = str(films / "good.png")
    assert main(["predict", good, "--weights", str(weights), "--csv", str(target)]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "covid_core.commands.manifest", None)
    with pytest.raises(ModuleNotFoundError):  # ours: a defect, and to be seen as one
        main(["manifest", "films", "--out", "m.csv"])
    monkeypatch.delitem(sys.modules, "covid_core.commands.manifest")
    monkeypatch.delitem(sys.modules, "covid_core.datasets.manifest", raising=False)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert main(["manifest", "films", "--out", "m.csv"]) == 2
    assert "pandas is not installed" in capsys.readouterr().err


def test_a_name_that_is_no_text_does_not_stop_the_others(films: Path, weights: Path) -> None:
    odd = bytes(films) + b"/\xff\xfe.png"
    Path(odd.decode(errors="surrogateescape")).write_bytes(png(draw_phantom(size_px=256)))
    command = [sys.executable, "-m", "covid_core", "predict", str(films), "--weights", str(weights)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 8
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("task", "architecture"), [("covid or normal", "vgg16"), ("covid or not", "cnn4")]
)
def test_another_recipe_answers_its_own_question(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, architecture: str
) -> None:
    outputs = TASKS[task].outputs
    save_network(
        Network(architecture, 2, deep_head(1)),
        tmp_path / "w",
        preprocess=Preprocess(96),
        full_heat=0.01,
        recipe="two",
        classes=outputs,
    )
    where = ["--weights", str(tmp_path / "w"), "--recipe", "two"]
    assert main(["predict", str(films), *where, "--saliency", str(tmp_path / "maps")]) == 1
    printed = capsys.readouterr()
    text = printed.out
    assert "these weights are not calibrated" in printed.err
    assert header_of(text) == columns(outputs)
    row = rows_of(text)["good.png"]
    assert row["label"] in outputs
    assert float(row[columns(outputs)[2]]) + float(row["p_covid"]) == pytest.approx(1, abs=1e-5)
    maps = [path.name for path in (tmp_path / "maps").iterdir()]
    assert len(maps) == 2 and not any(" covid" in name for name in maps)
