"""A real archive for the tests: Orthanc, on this machine alone and in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from covid_core.exports.dicomweb import Archive
from tests.servers import free_port, responds
from tests.waits import wait_until

PLUGINS = ("/usr/share/orthanc/plugins", "/usr/lib/orthanc", "/usr/local/share/orthanc/plugins")
USER, PASSWORD = "reader", "canary-password"


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An empty Orthanc with DICOMweb, which asks for a name and password."""
    program = shutil.which("Orthanc")
    plugins = [path for folder in PLUGINS for path in Path(folder).glob("*DicomWeb*")]
    if not program or not plugins:
        pytest.skip("needs Orthanc and its DICOMweb plugin")
    folder, port = tmp_path_factory.mktemp("orthanc"), free_port()
    settings = {
        "Name": "Test",
        "StorageDirectory": str(folder / "films"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(plugins[0])],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [program, str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder
        )
        try:
            url = f"http://127.0.0.1:{port}/system"
            wait_until(lambda: responds(url), f"Orthanc started, see {log.name}", server)
            yield Archive(f"http://127.0.0.1:{port}/dicom-web", USER, PASSWORD)
        finally:
            server.terminate()
            server.wait()
