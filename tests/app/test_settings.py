"""The delivered settings, and that a server started with them is this machine's alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.servers import Server
from covid_core.read.reading import MAX_FILE_BYTES
from tests.app.serving import ROOT

_LISTENS = "0A"


def test_films_are_kept_from_others_and_no_longer_than_needed() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    wanted: dict[str, dict[str, object]] = {
        "server": {
            "address": "127.0.0.1",
            "allowedHosts": ["localhost", "127.0.0.1"],
            "maxUploadSize": MAX_FILE_BYTES // 2**20,
            "disconnectedSessionTTL": 15,
            "enableXsrfProtection": True,
            "enableStaticServing": False,
            "fileWatcherType": "none",
        },
        "browser": {"gatherUsageStats": False},
        "client": {"showErrorDetails": "none"},
    }
    for table, values in wanted.items():
        assert {name: settings[table].get(name) for name in values} == values


@pytest.mark.linux
def test_the_server_listens_to_this_machine_alone(page_server: Server) -> None:
    port = urlsplit(page_server.address).port
    assert listening(port or 0) == {"0100007F"}  # 127.0.0.1


def listening(port: int) -> set[str]:
    """The local addresses, as Linux writes them, on which somebody listens to a port."""
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    rows = [row.split() for table in tables if table.exists() for row in table.open()]
    ends = [row[1].split(":") for row in rows if row[3] == _LISTENS]
    return {address for address, number in ends if int(number, 16) == port}
