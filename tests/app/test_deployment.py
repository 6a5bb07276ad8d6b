"""`desk.toml`: closed as delivered, what it allows read, what is wrong in it named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from app.deployment import DESK, Deployment, ProfileStorage, deployment
from covid_core.errors import CovidCoreError
from covid_core.exports.dicomweb import Archive

FULL = """
max_films = 50
max_server_films = 70
max_upload_mb = 128
copies = ["/srv/sets", "sets/nih"]
framed_by = ["https://portal.example:8443", "https://*.hospital.example"]
readings_log = "readings.jsonl"
[folders]
"Emergency room" = "/srv/er"
"Ward" = "ward"
[archive]
name = "Hospital archive"
url = "http://127.0.0.1:8042/dicom-web"
user = "reader"
password = "canary"
[profile]
save = true
file = "ours.json"
"""


def desk(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def limits(allowed: Deployment) -> tuple[int, int, int]:
    return allowed.max_films, allowed.max_server_films, allowed.max_upload_mb


def test_as_delivered_nothing_is_open() -> None:
    assert tomllib.loads(DESK.read_text(encoding="utf-8")) == {}
    assert deployment() == Deployment().starting_at(DESK.parent)
    assert deployment().profile.file == DESK.parent / "site-profile.json"
    assert not deployment().folders and deployment().archive is None
    assert not deployment().profile.save and not deployment().copies
    assert not deployment().framed_by and deployment().readings_log is None


def test_every_line_of_the_delivered_file_works_once_uncommented(tmp_path: Path) -> None:
    settings = re.findall(r'^# (\[.+\]|(?:\w+|".+?") = .+)$', DESK.read_text("utf-8"), re.MULTILINE)
    assert len(settings) == 18
    allowed = deployment(desk(tmp_path, "\n".join(settings)))
    assert allowed.folders == {"Emergency room": Path("/srv/radiographs/emergency")}
    assert allowed.archive is not None and allowed.archive.title == "Hospital archive"
    assert limits(allowed) == limits(Deployment()) == (1000, 5000, 64)
    assert allowed.copies == (Path("/srv/datasets/covid-chestxray"),)


def test_without_a_file_nothing_is_open(tmp_path: Path) -> None:
    assert deployment(tmp_path / "desk.toml") == Deployment().starting_at(tmp_path)


def test_what_the_deployer_allows_is_read(tmp_path: Path) -> None:
    allowed = deployment(desk(tmp_path, FULL))
    assert allowed.folders == {"Emergency room": Path("/srv/er"), "Ward": tmp_path / "ward"}
    assert allowed.archive is not None
    archive = Archive("http://127.0.0.1:8042/dicom-web", "reader", "canary")
    assert allowed.archive.connect() == archive
    assert allowed.profile == ProfileStorage(save=True, file=tmp_path / "ours.json")
    assert limits(allowed) == (50, 70, 128)
    assert allowed.copies == (Path("/srv/sets"), tmp_path / "sets" / "nih")
    assert allowed.framed_by == ("https://portal.example:8443", "https://*.hospital.example")
    assert allowed.readings_log == tmp_path / "readings.jsonl"


def test_a_password_is_never_printed(tmp_path: Path) -> None:
    assert "canary" not in repr(deployment(desk(tmp_path, FULL)))


def test_an_archive_without_a_name_is_called_by_its_host(tmp_path: Path) -> None:
    allowed = deployment(desk(tmp_path, '[archive]\nurl = "https://pacs.example/dicom-web"'))
    assert allowed.archive is not None and allowed.archive.title == "pacs.example"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_films = 0", "max_films is 0: input should be greater than or equal to 1"),
        ("max_server_films = 0", "max_server_films is 0: input should be greater than or equal"),
        ('max_films = "many"', "max_films is 'many': input should be a valid integer"),
        ("max_films = true", "max_films is True: input should be a valid integer"),
        ("max_film = 3", "max_film: there is no such field"),
        ('folders = "/srv"', "folders is '/srv': input should be an object"),
        ("[folders]\nward = 3", "folders.ward is 3: input should be a valid string"),
        ('copies = "/srv"', "copies is '/srv': input should be a valid array"),
        ("copies = [3]", "copies.0 is 3: input should be a valid string"),
        ('copies = [""]', "copies.0 is '': it must name a file or folder"),
        ('[archive]\nurl = "ftp://host/x"', "archive.url is 'ftp://host/x': it must be an address"),
        ('[archive]\nurl = "http://["', "archive.url is 'http://[': it must be an address"),
        ('[archive]\nname = "x"', "archive.url: it is missing"),
        ('[archive]\nurl = "http://me:word@host/x"', "archive.url: it must hold no password"),
        ('[archive]\nurl = "http://host/x"\nurls = 1', "archive.urls: there is no such field"),
        ('[profile]\nsave = "yes"', "profile.save is 'yes': input should be a valid boolean"),
        ('framed_by = "https://portal.example"', "framed_by is 'https://portal.example': input"),
        ('framed_by = ["portal.example"]', "framed_by.0 is 'portal.example': it must be a site"),
        ('framed_by = ["*"]', "framed_by.0 is '*': it must be a site"),
        ('framed_by = ["https://a.example/x"]', "it must be a site such as"),
        ('framed_by = ["https://a.example; script-src *"]', "it must be a site such as"),
        ('readings_log = ""', "readings_log is '': it must name a file or folder"),
        ("[folders", "can't be read as TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CovidCoreError) as caught:
        deployment(desk(tmp_path, text))
    assert words in str(caught.value)
    assert caught.value.file == "desk.toml"


@pytest.mark.parametrize(
    "text", ['url = "http://me:4711@host/x"', 'url = "http://host/x"\npassword = 4711']
)
def test_an_error_never_quotes_a_password(tmp_path: Path, text: str) -> None:
    with pytest.raises(CovidCoreError) as caught:
        deployment(desk(tmp_path, f"[archive]\n{text}"))
    assert "4711" not in str(caught.value)
