"""`predict --bundle` and `replay`: the same again, another and why, or no bundle at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from covid_core.__main__ import main
from covid_core.commands.replay import LIMITS, differences
from covid_core.errors import CovidCoreError
from covid_core.exports.bundle import CASE, MEMBERS, OPACITY, REPORT, read_bundle
from covid_core.exports.signature import (
    check_signature,
    read_signer,
    read_signing_key,
    signature_path,
)
from covid_core.model.card import WEIGHTS, read_card
from tests.models import random_weights
from tests.whole_way import films

PUBLIC = PublicFormat.SubjectPublicKeyInfo
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the command line makes it of a file that names somebody."""
    folder = tmp_path_factory.mktemp("bundles")
    film = folder / "Canary Zebedee.png"
    film.write_bytes(films()["8-bit PNG"])
    where = ["--bundle", str(folder / "made"), "--csv", str(folder / "rows.csv")]
    key = ["--sign", str(key_pair(folder)[0])]
    assert main(["predict", str(film), *where, *key, "--prevalence", "0.2"]) == 0
    [made] = (folder / "made").glob("*.zip")
    return made


def key_pair(folder: Path, name: str = "own") -> tuple[Path, Path]:
    """The files of a private key and of its public one."""
    secret, public = folder / f"{name}.pem", folder / f"{name}.public.pem"
    key = ed25519.Ed25519PrivateKey.generate()
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PUBLIC))
    return secret, public


def test_a_new_process_makes_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    for threads in ("1", "2"):
        again = tmp_path / threads / "again.zip"
        ran = subprocess.run(
            [sys.executable, "-m", "covid_core", "replay", str(bundle), "--out", str(again)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout.startswith(f"{bundle}: the same: ")
        assert ran.stdout.endswith(f"made anew from the radiograph in it\n{LIMITS}\n")
        assert again.read_bytes() == bundle.read_bytes()


def test_neither_its_name_nor_its_bytes_hold_the_file_s_name(bundle: Path) -> None:
    opened = read_bundle(bundle.read_bytes())
    assert bundle.name == f"film-{opened.radiograph.sha256[:16]}.zip"
    assert opened.request.prevalence == 0.2
    for data in (bundle.read_bytes(), *opened.members.values()):
        assert b"canary" not in data.lower() and b"zebedee" not in data.lower()


def test_a_film_with_the_longest_name_gets_its_overlay_too(tmp_path: Path) -> None:
    folder, overlays, table = tmp_path / "films", tmp_path / "overlays", tmp_path / "rows.csv"
    folder.mkdir()
    film = folder / f"{'a' * 251}.png"  # to which a disk lets nothing be added
    film.write_bytes(films()["8-bit PNG"])
    command = ["predict", str(folder), "--csv", str(table), "--saliency", str(overlays)]
    assert main(command) == 0
    assert main([*command, "--resume"]) == 0
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    assert {path.name.split(".")[0] for path in overlays.iterdir()} == {f"film-{digest[:16]}"}


def test_other_weights_make_another_and_that_is_reported(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Random weights without an index of films, and without a proof of any engine."""
    assert main(["replay", str(bundle), "--weights", str(random_weights(tmp_path))]) == 1
    output = capsys.readouterr().out
    assert "differs: report.pdf" in output and "differs: result.json" in output
    assert "film.safetensors" not in output and "film.png" not in output
    assert f"why it may: other weights: {read_card(WEIGHTS).sha256[:10]}" in output


def test_weights_without_an_index_or_fitted_rules_replay_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, film, folder = tmp_path / "weights", tmp_path / "film.dcm", tmp_path / "made"
    random_weights(weights)
    film.write_bytes(films()["windowed MONOCHROME1"])
    assert main(["predict", str(film), "--weights", str(weights), "--bundle", str(folder)]) == 0
    [made] = folder.iterdir()
    capsys.readouterr()
    assert main(["replay", str(made), "--weights", str(weights)]) == 0
    assert capsys.readouterr().out.startswith(f"{made}: the same")
    case = json.loads(read_bundle(made.read_bytes()).members[CASE])
    assert case["made_by"]["known_films_sha256"] == "" and case["checks"]["seen"] is None
    assert case["operating_point"]["sensitivity"] is None


def test_another_version_is_named_where_bytes_differ(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if another release of fpdf2 had drawn the report, and put its hash right."""
    members = dict(read_bundle(bundle.read_bytes()).members)
    members[REPORT] += b"\n"
    case = json.loads(members[CASE])
    case["made_with"]["fpdf2"] = "1.0"
    case["members"][REPORT] = hashlib.sha256(members[REPORT]).hexdigest()
    members[CASE] = json.dumps(case, indent=1, ensure_ascii=False).encode()
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert main(["replay", str(other)]) == 1
    output = capsys.readouterr().out
    assert "differs: report.pdf" in output and "differs: result.json" not in output
    assert "another fpdf2: 1.0 then" in output


@pytest.mark.linux
def test_each_of_several_gets_its_verdict_whatever_the_others_are(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, pipe = tmp_path / "broken.zip", tmp_path / "pipe.zip"
    broken.write_bytes(b"no ZIP")
    os.mkfifo(pipe)
    given = [broken, bundle, pipe, tmp_path / "gone.zip", bundle]
    assert main(["replay", *map(str, given)]) == 2
    captured = capsys.readouterr()
    assert captured.out.count(f"{bundle}: the same: ") == 2
    assert [line.split(": ")[0] for line in captured.err.splitlines()] == [
        str(path) for path in given if path != bundle
    ]
    assert main(["replay", str(bundle), str(bundle), "--out", str(tmp_path / "out.zip")]) == 2
    assert "--out takes one bundle" in capsys.readouterr().err


def test_the_radiograph_itself_is_read_where_it_is_given(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, other = bundle.parent.parent / "Canary Zebedee.png", tmp_path / "other.png"
    other.write_bytes(films()["dark"])
    command = ["replay", str(bundle), "--radiograph", str(other)]
    assert main([*command, "--radiograph", str(film)]) == 0
    assert f"made anew from {film}\n" in capsys.readouterr().out
    assert main(command) == 1
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    assert (
        f"of none of the given radiographs; it is of the SHA-256 {digest}"
        in capsys.readouterr().out
    )
    assert main([*command, "--radiograph", str(tmp_path / "gone.png")]) == 2
    assert "gone.png: the file can't be opened" in capsys.readouterr().err


def test_a_signature_is_its_signer_s_alone_and_of_these_bytes(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer, other = bundle.parent.parent / "own.public.pem", key_pair(tmp_path, "other")[1]
    film = bundle.parent.parent / "Canary Zebedee.png"
    assert main(["replay", str(bundle), "--radiograph", str(film), "--signer", str(signer)]) == 0
    captured = capsys.readouterr()
    assert "the same" in captured.out and LIMITS not in captured.out
    assert main(["replay", str(bundle), "--signer", str(other)]) == 2
    assert f"{bundle}: its signature is not that key's" in capsys.readouterr().err
    copy = tmp_path / bundle.name
    copy.write_bytes(bundle.read_bytes() + b"x")
    assert main(["replay", str(copy), "--signer", str(signer)]) == 2
    assert "it is not signed" in capsys.readouterr().err
    signature_path(copy).write_bytes(signature_path(bundle).read_bytes())
    assert main(["replay", str(copy), "--signer", str(signer)]) == 2
    assert "or the bundle was changed since" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_makes_the_keys_and_checks_the_signatures(bundle: Path, tmp_path: Path) -> None:
    def openssl(*arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    openssl("genpkey", "-algorithm", "ed25519", "-out", "signing.pem")
    openssl("pkey", "-in", "signing.pem", "-pubout", "-out", "signer.pem")
    data, copy = bundle.read_bytes(), tmp_path / "film.zip"
    copy.write_bytes(data)
    signature = read_signing_key(tmp_path / "signing.pem").sign(data)
    signature_path(copy).write_bytes(signature)
    check_signature(read_signer(tmp_path / "signer.pem"), copy, data)
    checked = ("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "signer.pem")
    openssl(*checked, "-in", "film.zip", "-sigfile", "film.zip.sig")


@pytest.mark.linux
def test_what_is_no_key_is_said_and_nothing_of_it(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, public = key_pair(tmp_path)
    locked, foreign, pipe = tmp_path / "locked.pem", tmp_path / "x25519.pem", tmp_path / "pipe.pem"
    key = read_signing_key(secret)
    password = BestAvailableEncryption(b"Canary")
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password))
    another = x25519.X25519PrivateKey.generate()
    foreign.write_bytes(another.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    os.mkfifo(pipe)
    for path in (public, locked, foreign, pipe, tmp_path / "gone.pem"):
        with pytest.raises(CovidCoreError) as refused:
            read_signing_key(path)
        assert refused.value.file == str(path) and "PRIVATE" not in str(refused.value)
    foreign.write_bytes(another.public_key().public_bytes(Encoding.PEM, PUBLIC))
    for path in (secret, foreign, pipe):
        with pytest.raises(CovidCoreError):
            read_signer(path)
    assert main(["predict", str(bundle), "--sign", str(secret)]) == 2
    assert "--bundle DIR --sign KEY" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["changed", "no ZIP", "missing", "a folder"])
def test_what_is_no_bundle_or_was_changed_is_wrong_use(
    bundle: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given.zip"
    if kind == "changed":
        members = dict(read_bundle(bundle.read_bytes()).members)
        members[REPORT] += b"\n"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
    elif kind == "no ZIP":
        path.write_bytes(b"no ZIP")
    elif kind == "a folder":
        path.mkdir()
    before = sorted(tmp_path.iterdir())
    assert main(["replay", str(path), "--out", str(tmp_path / "out.zip")]) == 2
    captured = capsys.readouterr()
    assert str(path) in captured.err and captured.out == ""
    assert ("report.pdf is not what" in captured.err) == (kind == "changed")
    assert sorted(tmp_path.iterdir()) == before


def test_a_film_without_an_answer_has_no_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.png").write_bytes(b"<html>")
    folder = tmp_path / "made"
    assert main(["predict", str(tmp_path / "page.png"), "--bundle", str(folder)]) == 1
    assert list(folder.iterdir()) == []


def test_members_that_differ_are_named_with_the_first_byte_that_does() -> None:
    old = dict.fromkeys(MEMBERS, b"same")
    assert differences(old, old) == ["how the ZIP file is packed; every member is the same"]
    assert differences(old, old | {REPORT: b"sane and more"}) == [
        "report.pdf (4 bytes, now 13), from byte 2 on"
    ]
    assert differences(old, old | {CASE: b"sam"}) == ["case.json, from byte 3 on"]
    without = {name: data for name, data in old.items() if name != OPACITY}
    assert differences(without, old) == ["opacity.png, which only the new one has"]
    assert differences(old, without) == ["opacity.png, which only the old one has"]
