"""`predict` on folders: streamed, stopped, killed and gone on with; each film has one row."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from covid_core.__main__ import main
from covid_core.commands import predict
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from covid_core.read.radiograph import Radiograph
from tests.stand_in import in_its_place

pytestmark = pytest.mark.linux

ROOT = Path(__file__).parent.parent.parent
FILMS = 400


@pytest.fixture(autouse=True)
def stand_in() -> Iterator[None]:
    with in_its_place():
        yield


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many files of few films, in two folders, with some that can't be read and odd names."""
    root = tmp_path_factory.mktemp("films")
    drawn = [png(draw_phantom(size_px=256, seed=seed)) for seed in range(8)]
    for number in range(FILMS):
        path = root / f"ward {number % 2}" / f"{number:03}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"" if number % 50 == 7 else drawn[number % 8])
    for name in ("=cmd.png", "'=cmd.png", "line\nbreak.png", "no text \udcff.png"):
        (root / name).write_bytes(drawn[0])
    return root


def score(films: Path, table: Path, *options: str) -> int:
    return main(["predict", str(films), "--csv", str(table), *options])


def paused(films: Path, table: Path, after: int) -> subprocess.Popen[str]:
    """A run that has paused itself at so many films."""
    command = [sys.executable, "-m", "tests.stand_in", "predict", str(films)]
    options = ["--csv", str(table), "--resume", "--workers", "2"]
    environment = {**os.environ, "PAUSES_AFTER": str(after)}
    process = subprocess.Popen(
        [*command, *options], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    came = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert came and came.si_code == os.CLD_STOPPED, process.communicate()
    return process


def whole_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_killed_at_several_instants_each_film_has_one_row(films: Path, tmp_path: Path) -> None:
    table, undisturbed = tmp_path / "rows.csv", tmp_path / "undisturbed.csv"
    assert score(films, undisturbed) == 1
    whole = undisturbed.read_bytes()
    for more in (1, 40, 80, 120):
        process = paused(films, table, more)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        so_far = table.read_bytes()
        assert len(so_far) < len(whole) and whole.startswith(so_far)
        os.truncate(table, max(0, len(so_far) - 5))  # as a disk that was full leaves it
    assert score(films, table, "--resume") == 1
    assert table.read_bytes() == whole
    assert len(whole_rows(whole.decode())) == 1 + FILMS + 4


def test_stopped_by_hand_what_is_done_is_written(films: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    process = paused(films, table, 40)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "--resume" in stderr and "Traceback" not in stderr
    rows = whole_rows(table.read_text(encoding="utf-8"))
    assert 1 < len(rows) < FILMS
    assert {len(row) for row in rows} == {len(rows[0])}
    assert table.read_bytes().endswith(b"\r\n")


def test_a_file_that_is_complete_is_left_as_it_is_and_no_film_is_read(
    films: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = tmp_path / "rows.csv"
    score(films, table)
    before = table.read_bytes()
    monkeypatch.setattr(predict, "read_file", pytest.fail)
    assert score(films, table, "--resume", "--json") == 1
    captured = capsys.readouterr()
    assert table.read_bytes() == before
    assert captured.out == "[]\n"
    assert f"8 of {FILMS + 4} files got no prediction" in captured.err


def test_new_films_are_added_and_rows_of_others_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table = tmp_path / "films", tmp_path / "rows.csv"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        (folder / name).write_bytes(png(draw_phantom(size_px=128)))
    assert score(folder, table) == 0
    (folder / "c.png").rename(folder / "b.png")
    assert score(folder, table, "--resume") == 0
    assert [Path(row[0]).name for row in whole_rows(table.read_text())[1:]] == [
        "a.png",
        "c.png",
        "b.png",
    ]
    assert "1 of the rows are of files that were not given" in capsys.readouterr().err


def test_other_terms_are_refused_and_the_file_stays(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "rows.csv"
    score(films, table)
    before = table.read_bytes()
    for options in (["--operating-point", "rule-in"], ["--prevalence", "0.1"]):
        assert score(films, table, "--resume", *options) == 2
        assert "made with" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_a_second_run_on_one_file_is_refused_and_changes_nothing(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "rows.csv"
    process = paused(films, table, 20)
    before = table.read_bytes()
    for options in ([], ["--resume"]):
        assert score(films, table, *options) == 2
        assert "another run is writing to it" in capsys.readouterr().err
    assert table.read_bytes() == before
    process.kill()
    process.wait()
    assert score(films, table, "--resume") == 1, "the lock died with its run"


def test_a_disk_that_fills_up_stops_the_run_and_says_how_to_go_on(
    films: Path, tmp_path: Path
) -> None:
    table = tmp_path / "rows.csv"
    command = f"trap '' XFSZ; ulimit -f 4; exec {sys.executable} -m tests.stand_in predict"
    done = subprocess.run(
        ["bash", "-c", f'{command} "$@"', "-", str(films), "--csv", str(table)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"{table}: it can't be written: the disk is full" in done.stderr
    assert "--csv FILE --resume goes on" in done.stderr
    assert "Traceback" not in done.stderr
    undisturbed = tmp_path / "undisturbed.csv"
    assert score(films, table, "--resume") == score(films, undisturbed) == 1
    assert table.read_bytes() == undisturbed.read_bytes()


def test_resume_needs_a_file(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(films), "--resume"]) == 2
    assert "--csv" in capsys.readouterr().err


def test_rows_do_not_depend_on_the_number_of_workers(films: Path, tmp_path: Path) -> None:
    tables = [tmp_path / f"{workers}.csv" for workers in (1, 5)]
    for table in tables:
        score(films, table, "--workers", table.stem)
    assert tables[0].read_bytes() == tables[1].read_bytes()


@pytest.mark.parametrize("workers", ["0", "-1", "some"])
def test_there_is_one_worker_at_least(workers: str) -> None:
    assert main(["predict", "film.png", "--workers", workers]) == 2


def test_a_row_is_written_while_films_are_still_to_be_read(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, seen = tmp_path / "rows.csv", []
    read = predict.read_file

    def noting(path: Path) -> Radiograph:
        seen.append(table.stat().st_size)
        return read(path)

    monkeypatch.setattr(predict, "read_file", noting)
    score(films, table, "--workers", "1")
    assert len(seen) == FILMS + 4
    assert 0 < seen[50] < seen[200] < seen[-1] < table.stat().st_size


def test_overlays_are_not_read_as_films(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, overlays = tmp_path / "films", tmp_path / "films" / "overlays"
    overlays.mkdir(parents=True)
    for place in (folder / "a.png", overlays / "earlier.png"):
        place.write_bytes(png(draw_phantom(size_px=128)))
    command = ["predict", str(folder), "--weights", str(tmp_path), "--saliency"]
    assert main([*command, str(folder)]) == 2
    assert "would be taken for radiographs" in capsys.readouterr().err
    main([*command, str(overlays)])
    rows = whole_rows(capsys.readouterr().out)
    assert [row[0] for row in rows[1:]] == [str(folder / "a.png")]


def test_films_are_counted_only_for_who_looks_at_the_bar(
    films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = predict.Options(paths=[films])
    assert predict._total(options) is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert predict._total(options) == FILMS + 4
    monkeypatch.setattr(predict, "_COUNTING_S", -1)
    assert predict._total(options) is None


def test_it_ends_with_how_many_films_came_out_how_and_where_the_reasons_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "_LINE_S", -1)  # a line after each film
    folder, table = tmp_path / "films", tmp_path / "rows.csv"
    folder.mkdir()
    for seed in range(3):
        (folder / f"{seed}.png").write_bytes(png(draw_phantom(size_px=128, seed=seed)))
    for name in ("empty.png", "void.png"):
        (folder / name).write_bytes(b"")
    assert score(folder, table) == 1
    stderr = capsys.readouterr().err
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    for tier in {row["tier"] for row in rows}:
        assert f"{tier} {sum(row['tier'] == tier for row in rows)}" in stderr
    assert "5 radiographs: " in stderr and "not read 2" in stderr
    assert f"the reasons are in the column reason of {table}" in stderr
    assert "1 radiograph done" in stderr and "5 radiographs done" in stderr


def test_the_one_file_of_several_that_fails_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(png(draw_phantom(size_px=128)))
    (tmp_path / "empty.png").write_bytes(b"")
    assert score(tmp_path, tmp_path / "rows.csv") == 1
    stderr = capsys.readouterr().err
    assert f"{tmp_path / 'empty.png'}: " in stderr and "empty" in stderr.lower()


def test_a_single_file_that_fails_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "empty.png"
    film.write_bytes(b"")
    assert main(["predict", str(film), "--json"]) == 1
    assert "The file is empty." in capsys.readouterr().err
