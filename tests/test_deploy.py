"""What can be known of the container without Docker: its files, its user, and that it answers."""

from __future__ import annotations

import fnmatch
import itertools
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.servers import free_port
from tests.waits import LONGEST_S, wait_until

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """The Dockerfile's lines, those continued joined: keyword and the rest."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def said(keyword: str) -> list[str]:
    return [rest for word, rest in instructions() if word == keyword]


def environment() -> dict[str, str]:
    pairs = [pair for rest in said("ENV") for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def sources() -> list[str]:
    return [path.rstrip("/") for rest in said("COPY") for path in shlex.split(rest)[:-1]]


def sent(path: str) -> bool:
    """Whether Docker would be sent a file of the tree: of .dockerignore's patterns that match it,
    or a folder above it, the last one counts."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        parts = PurePosixPath(path).parts
        above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        deep = pattern.removeprefix("**/")
        names = parts if deep != pattern else ()
        if any(matches(one, pattern) for one in above) or fnmatch.filter(names, deep):
            kept = line.startswith("!")
    return kept


def matches(path: str, pattern: str) -> bool:
    """A star does not cross a folder's border."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def test_the_matcher_reads_patterns_as_docker_does() -> None:
    assert matches("app", "*") and not matches("app/session.py", "*")
    assert matches(".streamlit/config.toml", ".streamlit/config.toml")


def test_all_that_is_copied_is_there_and_sent() -> None:
    assert sources()
    for source in sources():
        path = ROOT / source
        assert path.exists(), source
        files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
        kept = [one for one in files if sent(one.relative_to(ROOT).as_posix())]
        assert kept, source


def test_no_film_no_test_and_no_history_gets_into_an_image() -> None:
    for path in (
        "tests/films.py",
        ".git/config",
        ".venv/bin/python",
        "docs/page.png",
        "train.py",
        "runs/log.txt",
        "data/film.dcm",
        "manifest.parquet",
        "site-profile.json",
        "film.png",
        ".streamlit/secrets.toml",
        "app/__pycache__/session.pyc",
        "covid_core/a/__pycache__/b.pyc",
    ):
        assert not sent(path), path


def test_what_the_app_imports_and_reads_is_sent() -> None:
    for path in (
        "streamlit_app.py",
        "app/session.py",
        "app/viewer/viewer.js",
        "covid_core/read/dicom.py",
        "covid_core/present/page.html",
        "weights/densenet121.safetensors",
        "weights/README.md",
        "weights/gate/gate.json",
        "requirements.txt",
        ".streamlit/config.toml",
        "desk.toml",
    ):
        assert (ROOT / path).is_file(), path
        assert sent(path), path


def test_requirements_are_installed_before_the_code_is_copied() -> None:
    words = [f"{word} {rest}" for word, rest in instructions()]
    install = next(i for i, line in enumerate(words) if "pip install" in line)
    for file in ("requirements.txt", "constraints.txt", "requirements.lock"):
        assert any(file in line for line in words[:install]), file
    assert not any("covid_core" in line for line in words[:install])


def test_every_package_is_held_by_hash_or_at_least_by_version() -> None:
    """By version where the deployer names an index with builds of its own."""
    [installs] = [rest for rest in said("RUN") if "pip install" in rest]
    chosen = re.split(r"then|else", installs)[1:]
    assert '[ -n "$PIP_EXTRA_INDEX_URL" ]' in installs and len(chosen) == 2
    assert "-r requirements.txt" in chosen[0]
    assert "--require-hashes -r requirements.lock" in chosen[1]


def test_nothing_is_fetched_or_left_that_could_be_otherwise_tomorrow_or_secret() -> None:
    assert said("ADD") == []
    for word, rest in instructions():
        assert not re.search(r"curl|wget|git clone|--trusted-host|password|token|secret", rest), (
            word
        )
    assert set(re.findall(r"ARG (\w+)", "\n".join(map(" ".join, instructions())))) == {
        "BASE",
        "PIP_EXTRA_INDEX_URL",
    }


def test_what_runs_can_not_change_what_it_runs() -> None:
    """All is root's, and user 1000 has no way to become root."""
    texts = [rest for word, rest in instructions() if word in ("COPY", "RUN", "USER")]
    assert not any(re.search(r"--chown|--chmod|chmod|chown|sudo|setcap", text) for text in texts)
    assert len(said("USER")) == 1


def test_the_guide_runs_it_with_nothing_it_does_not_need() -> None:
    [line] = re.findall(r"(docker run .*?radiograph-reader)\n", GUIDE, re.DOTALL)
    words = shlex.split(line.replace("\\\n", " "))
    assert "--read-only" in words
    pairs = dict(itertools.pairwise(words))
    assert pairs["--cap-drop"] == "ALL"
    assert pairs["--security-opt"] == "no-new-privileges"
    assert pairs["--publish"].startswith("127.0.0.1:")
    assert "noexec" in pairs["--tmpfs"] and "nosuid" in pairs["--tmpfs"]
    assert pairs["--memory"] == pairs["--memory-swap"]
    assert int(pairs["--pids-limit"]) <= 512
    assert not {"--privileged", "--network=host", "--cap-add", "--volume"} & set(words)


def test_the_app_does_not_run_as_root() -> None:
    [user] = said("USER")
    assert user == "1000"
    order = [word for word, _ in instructions()]
    assert order.index("USER") < order.index("CMD")
    assert not any("apt-get" in rest for rest in said("RUN"))


def test_the_image_has_a_short_name_and_no_host_is_named() -> None:
    assert said("ARG")[0] == "BASE=python:3.11-slim"
    assert said("FROM") == ["${BASE}"]
    text = (ROOT / "Dockerfile").read_text() + (ROOT / ".dockerignore").read_text()
    hosts = set(re.findall(r"https?://([\w.-]+)", text))
    assert hosts == {"127.0.0.1"}


def test_only_tmp_is_written_to() -> None:
    chosen = environment()
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR"):
        assert PurePosixPath("/tmp") in (
            PurePosixPath(chosen[name]),
            PurePosixPath(chosen[name]).parent,
        )


def test_the_ports_agree() -> None:
    port = environment()["STREAMLIT_SERVER_PORT"]
    assert said("EXPOSE") == [port]
    assert f":{port}/_stcore/health" in said("HEALTHCHECK")[0]
    assert f"app_port: {port}" in GUIDE


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, started as the container starts it, but for a port that is free and loopback."""
    port = free_port()
    home = str(tmp_path_factory.mktemp("home"))
    changed = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    aside = {"HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home}
    around = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    program, *arguments = json.loads(said("CMD")[0])
    command = [sys.executable, "-m", program, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=around | environment() | changed | aside, stdout=subprocess.DEVNULL
    ) as server:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def test_it_answers_where_the_health_check_asks(address: str) -> None:
    [line] = said("HEALTHCHECK")
    command = json.loads(line[line.index("CMD") + len("CMD") :])
    code = command[2].replace("127.0.0.1:8501", address)
    check = [sys.executable, "-c", code]
    wait_until(
        lambda: not subprocess.run(check, stderr=subprocess.DEVNULL).returncode,
        "the health check passes",
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 101), ("desk-reader.hf.space", 101), ("elsewhere.example", 403)],
)
def test_only_hosts_on_the_list_get_a_page(address: str, host: str, status: int) -> None:
    test_it_answers_where_the_health_check_asks(address)
    assert upgraded(address, host) == status


def upgraded(address: str, host: str) -> int:
    """The status of a WebSocket's first answer."""
    name, port = address.split(":")
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "",
        "",
    )
    with socket.create_connection((name, int(port)), timeout=LONGEST_S) as line:
        line.sendall("\r\n".join(lines).encode())
        return int(line.recv(1024).split()[1])


def test_without_its_list_the_server_is_for_this_machine_alone() -> None:
    """A list in the environment is split at spaces; an empty one there does not count."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]
    assert settings["address"] == "127.0.0.1"
    assert settings["allowedHosts"] == ["localhost", "127.0.0.1"]
    assert environment()["STREAMLIT_SERVER_ALLOWED_HOSTS"].split() == [
        "localhost",
        "127.0.0.1",
        "*.hf.space",
    ]
