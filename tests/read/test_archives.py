"""Files, ZIP files and folders as one stream: all films found, nothing unpacked, bombs refused."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from covid_core.errors import RefusedFile
from covid_core.present.overlay import png
from covid_core.read import archives
from covid_core.read.archives import Item, in_folder, members, refused, shown_name
from covid_core.read.phantom import draw_phantom
from covid_core.read.reading import read_radiograph
from covid_core.storage.walk import PassedOver, Tally

FILM = png(draw_phantom(size_px=256))


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def names(items: list[Item]) -> list[str]:
    return [item.name for item in items]


def refusal(item: Item) -> str:
    with pytest.raises(RefusedFile) as caught:
        item.read()
    assert caught.value.remedy
    return caught.value.code


def test_a_plain_file_gives_itself() -> None:
    [item] = members(FILM, "film.png")
    assert item.name == "film.png"
    assert item.read() is FILM


def test_a_zip_gives_its_films_with_their_folders_and_nothing_else() -> None:
    data = zipped(
        {
            "ward/IM000001": FILM,
            "b.png": b"two",
            "ward/": b"",
            "__MACOSX/._b.png": b"x",
            ".hidden": b"x",
            "ward/.DS_Store": b"x",
            "ward/IM000002.txt": b"a report",
            "ward/odd.dat": FILM,
            "Thumbs.db": b"x",
            "DICOMDIR": b"x",
        }
    )
    tally = Tally()
    items = members(data, "today.zip", tally.note)
    assert names(items) == ["today.zip/ward/IM000001", "today.zip/b.png", "today.zip/ward/odd.dat"]
    assert [item.read() for item in items] == [FILM, b"two", FILM]
    assert tally.counts == {PassedOver.SYSTEM: 5, PassedOver.OTHER_KIND: 1}
    assert read_radiograph(items[0].read()).height_px == 256


def test_a_zip_is_known_by_its_bytes_and_no_dicom_file_is_one() -> None:
    data = zipped({"a.png": FILM})
    assert names(members(data, "photo.png")) == ["photo.png/a.png"]
    dicom = b"PK\x03\x04".ljust(128, b"\0") + b"DICM"
    assert names(members(dicom, "IM1")) == ["IM1"]


@pytest.mark.parametrize("inside", ["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"])
def test_a_document_that_is_a_zip_holds_no_films(inside: str) -> None:
    assert members(zipped({inside: b"x", "media/photo.png": FILM}), "letter.docx") == []


def test_an_empty_zip_holds_no_films() -> None:
    assert members(zipped({}), "empty.zip") == []


def test_names_that_climb_or_disguise_are_only_shown(tmp_path: Path) -> None:
    files = {"../../etc/passwd": b"1", "/root/x.png": b"2", "..\\..\\boot.ini": b"3"}
    files["film\u202egnp.exe"] = b"4"
    files = {name: FILM + data for name, data in files.items()}
    items = members(zipped(files), "a.zip")
    assert names(items) == [
        "a.zip/etc/passwd",
        "a.zip/root/x.png",
        "a.zip/boot.ini",
        "a.zip/film\ufffdgnp.exe",
    ]
    assert [item.read()[-1:] for item in items] == [b"1", b"2", b"3", b"4"]


def test_a_shown_name_is_bounded_and_keeps_its_end() -> None:
    assert shown_name("a\nb\x00c\udcff.png") == "a\ufffdb\ufffdc\ufffd.png"
    long = shown_name("deep/" * 5_000 + "film.png")
    assert len(long) == archives.MAX_NAME
    assert long.startswith("…") and long.endswith("/film.png")
    assert shown_name("../..") == "(no name)"


def test_a_bomb_is_refused_whatever_its_header_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 100_000)
    data = bytearray(zipped({"fits.png": bytes(100_000), "bomb.png": bytes(5_000_000)}))
    assert len(data) < 10_000
    fits, bomb = members(bytes(data), "a.zip")
    assert len(fits.read()) == 100_000
    assert refusal(bomb) == "too_many_bytes"
    understated = bytes(data).replace(struct.pack("<L", 5_000_000), struct.pack("<L", 10))
    assert refusal(members(understated, "a.zip")[1]) == "damaged_member"


def test_what_inflates_a_hundredfold_is_refused_before_it_does() -> None:
    [item] = members(zipped({"zeros.png": bytes(2_000_000)}), "a.zip")
    assert refusal(item) == "too_large"


def test_a_zip_of_too_many_bytes_is_refused_before_any_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 3_000)
    assert len(members(zipped({f"{i}.png": bytes(1000) for i in range(3)}), "a.zip")) == 3
    with pytest.raises(RefusedFile, match="unpacks to more") as caught:
        members(zipped({f"{i}.png": bytes(1000) for i in range(4)}), "a.zip")
    assert caught.value.code == "too_many_bytes"


def test_films_that_lie_over_each_other_are_damage() -> None:
    data = zipped({"0.png": FILM})
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * (end - start), start, 0)
    with pytest.raises(RefusedFile) as caught:
        members(data[:start] + 2 * data[start:end] + closing, "a.zip")
    assert caught.value.code == "damaged_zip"


def test_what_is_encrypted_is_refused_and_stops_no_other() -> None:
    data = bytearray(zipped({"locked.png": FILM, "open.png": FILM}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the first entry of the directory
    locked, free = members(bytes(data), "a.zip")
    assert refusal(locked) == "encrypted"
    assert free.read() == FILM


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_inflate_without_a_bound_are_refused(method: int) -> None:
    [item] = members(zipped({"film.png": FILM}, method), "a.zip")
    assert refusal(item) == "unknown_compression"


def test_a_zip_inside_a_zip_is_one_refused_film() -> None:
    items = members(zipped({"inner.zip": zipped({"a.png": FILM}), "b.png": FILM}), "a.zip")
    assert names(items) == ["a.zip/inner.zip", "a.zip/b.png"]
    assert refusal(items[0]) == "nested_zip"


def test_damage_is_reported_of_the_file_or_of_the_film_in_it() -> None:
    data = zipped({"a.png": FILM}, zipfile.ZIP_STORED)
    with pytest.raises(RefusedFile, match="cut short") as caught:
        members(data[:-40], "a.zip")
    assert caught.value.code == "damaged_zip"
    flipped = bytearray(data)
    flipped[2_000] ^= 0xFF
    assert refusal(members(bytes(flipped), "a.zip")[0]) == "damaged_member"


def test_five_hundred_films_are_taken_and_one_more_is_refused() -> None:
    files = {f"{number}.png": b"" for number in range(archives.MAX_MEMBERS)}
    files["__MACOSX/._1.png"] = b""
    assert len(members(zipped(files), "a.zip")) == archives.MAX_MEMBERS
    with pytest.raises(RefusedFile, match="more than 500 files"):
        members(zipped({**files, "more.png": b""}), "a.zip")


def test_a_huge_directory_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"{number}.png": b"" for number in range(4)})
    monkeypatch.setattr(archives, "_MAX_DIRECTORY_BYTES", 3 * 51)
    monkeypatch.setattr(zipfile, "ZipInfo", pytest.fail)
    with pytest.raises(RefusedFile) as caught:
        members(data, "a.zip")
    assert caught.value.code == "too_many_members"


def test_a_directory_that_says_it_is_larger_than_the_file_is_damage() -> None:
    data = bytearray(zipped({"a.png": b""}))
    at = data.index(b"PK\x05\x06") + 12  # of the size of the directory, in the last record
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    with pytest.raises(RefusedFile) as caught:
        members(bytes(data), "a.zip")
    assert caught.value.code == "damaged_zip"


def test_a_member_may_be_larger_than_a_directory_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MAX_DIRECTORY_BYTES", 100)
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("a.png", bytes(1000))
    [item] = members(packed.getvalue(), "a.zip")
    assert item.read() == bytes(1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    (root / "ward").mkdir(parents=True)
    (root / ".cache").mkdir()
    for name in ("b.png", "a.png", ".cache/x.png", "Thumbs.db", "report.txt"):
        (root / name).write_bytes(name.encode())
    (root / "ward" / "IM1").write_bytes(FILM)
    return root


def test_a_folder_is_listed_in_order_at_any_depth(folder: Path) -> None:
    tally = Tally()
    items = list(in_folder(folder, tally.note))
    assert names(items) == ["a.png", "b.png", "ward/IM1"]
    assert items[2].read() == FILM
    assert tally.counts == {PassedOver.SYSTEM: 2, PassedOver.OTHER_KIND: 1}


def test_a_replaced_file_is_another_even_of_the_same_size_and_time(folder: Path) -> None:
    def stamps() -> dict[str, tuple[int, ...]]:
        return {item.name: item.stamp for item in in_folder(folder)}

    before, times = stamps(), (folder / "a.png").stat()
    assert stamps() == before and all(before.values())
    (folder / "a.png").write_bytes(b"A.PNG")
    os.utime(folder / "a.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (folder / "a.png").stat().st_size == times.st_size
    after = stamps()
    assert {name for name in before if after[name] != before[name]} == {"a.png"}


def test_only_files_of_folders_have_stamps() -> None:
    assert [item.stamp for item in members(zipped({"a.png": FILM}), "a.zip")] == [()]


@pytest.mark.linux
def test_links_neither_lead_out_of_a_folder_nor_round_in_it(folder: Path) -> None:
    secret = folder.parent / "secret.png"
    secret.write_bytes(b"secret")
    (folder / "ward" / "loop").symlink_to(folder)
    (folder / "out").symlink_to(folder.parent)
    (folder / "out.png").symlink_to(secret)
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "dead.png").symlink_to(folder / "gone.png")
    (folder / "within.png").symlink_to(folder / "a.png")
    items = list(in_folder(folder))
    assert names(items) == ["a.png", "b.png", "ward/IM1", "within.png"]
    assert b"secret" not in {item.read() for item in items}


@pytest.mark.linux
def test_what_is_put_in_a_film_s_place_once_it_was_found_is_not_read(folder: Path) -> None:
    secret = folder.parent / "secret"
    secret.mkdir()
    (secret / "IM1").write_bytes(b"secret")
    items = {item.name: item for item in in_folder(folder)}
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(secret / "IM1")
    (folder / "b.png").unlink()
    os.mkfifo(folder / "b.png")
    (folder / "ward").rename(folder / "aside")
    (folder / "ward").symlink_to(secret)
    assert {refusal(items[name]) for name in ("a.png", "b.png", "ward/IM1")} == {"unreadable"}


def test_a_folder_is_found_bit_by_bit(folder: Path) -> None:
    stream = in_folder(folder)
    assert next(stream).name == "a.png"
    (folder / "ward" / "IM2").write_bytes(FILM)
    assert names(list(stream)) == ["b.png", "ward/IM1", "ward/IM2"]


def test_what_vanishes_or_is_too_large_is_refused_when_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = in_folder(folder)
    (folder / "a.png").unlink()
    assert refusal(first) == "unreadable"
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 3)
    assert refusal(second) == "too_many_bytes"


def test_a_folder_that_is_not_there_is_one_refused_item(tmp_path: Path) -> None:
    [item] = in_folder(tmp_path / "gone")
    assert item.name == "gone"
    assert refusal(item) == "unreadable"


def test_a_file_known_to_be_unusable_keeps_its_place_and_reason() -> None:
    item = refused("a.zip", RefusedFile("damaged_zip", "it is damaged", "Pack it again"))
    assert (item.name, refusal(item)) == ("a.zip", "damaged_zip")
