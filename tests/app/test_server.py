"""The server around the page: headers on every answer, known hosts alone, no frame, its health."""

from __future__ import annotations

import http.client
import re
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from starlette.datastructures import Headers
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from app.server import HEALTH, is_allowed_host, security_headers
from benchmarks.servers import HERE, Server, served
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom
from tests.app.serving import drop, in_browser, new_page, settled
from tests.waits import LONGEST_S

PATHS = {
    "/": 200,
    "/favicon.png": 200,
    "/_stcore/health": 200,
    "/_stcore/upload_file/session/file": 403,  # without the token of the page
    "/media/none.png": 404,
    HEALTH: 200,
}
HOSTS = (
    "localhost",
    "LOCALHOST:8501",
    "localhost.",
    "127.0.0.1:1",
    "[::1]:8501",
    "reader.example",
    "sub.reader.example",
    "xreader.example",
    "elsewhere.example",
    "localhost.elsewhere.example",
    "me@localhost",
    "localhost/path",
    "localhost:port",
    "localhost:99999",
    "localhost?x",
    "",
)
ALLOWED = (
    [],
    ["localhost", "127.0.0.1"],
    ["*"],
    ["*.reader.example"],
    ["LocalHost.", " reader.example"],
    ["::1"],
)


def ask(server: Server, path: str, host: str | None = None) -> http.client.HTTPResponse:
    """The answer to a request by a host's name."""
    place = urlsplit(server.address)
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=LONGEST_S)
    method = "PUT" if "upload_file" in path else "GET"
    line.request(method, path, headers={"Host": host or place.netloc})
    return line.getresponse()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(page_server: Server, path: str) -> None:
    answer = ask(page_server, path)
    assert answer.status == PATHS[path]
    for name, value in security_headers(()).items():
        assert answer.headers.get_all(name) == [value]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_so_have_static_files(page_server: Server) -> None:
    page = ask(page_server, "/").read().decode()
    found = re.search(r"\./(static/js/index\.[^\"]+)", page)
    assert found
    answer = ask(page_server, f"/{found[1]}")
    assert answer.status == 200
    wanted = security_headers(())
    assert {name: answer.headers[name] for name in wanted} == wanted


@pytest.mark.parametrize("path", [*PATHS, "/static/js/none.js"])
def test_an_unknown_host_is_refused_on_every_path(page_server: Server, path: str) -> None:
    answer = ask(page_server, path, "elsewhere.example")
    assert answer.status == 403
    assert answer.read() == b"This server has no such host."
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("allowed", ALLOWED)
def test_hosts_are_matched_as_streamlit_does_on_its_websocket(
    allowed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "get_option", lambda name: allowed)
    for host in HOSTS:
        given = Headers({"host": host})
        assert is_allowed_host(given, allowed) <= is_host_allowed(host), host
    for host in HOSTS[:9]:
        assert is_allowed_host(Headers({"host": host}), allowed) == is_host_allowed(host), host


def test_a_request_names_one_host() -> None:
    two = Headers(raw=[(b"host", b"localhost"), (b"host", b"localhost")])
    assert not is_allowed_host(two, ["localhost"])
    assert not is_allowed_host(Headers({}), ["localhost"])


def test_sites_that_may_frame_it_are_named_in_the_policy() -> None:
    headers = security_headers(["https://portal.example", "https://*.hospital.example"])
    policy = headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://portal.example https://*.hospital.example")
    assert "X-Frame-Options" not in headers


def test_no_script_is_run_by_its_text() -> None:
    policy = security_headers(())["Content-Security-Policy"]
    [scripts] = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert "unsafe" not in scripts and "http" not in scripts and "data:" not in scripts
    assert "sha256-" in scripts


def copied(folder: Path, *whole: str) -> Path:
    """A checkout of links to this one's parts, without those named."""
    for name in {"app", "covid_core", "weights", "streamlit_app.py", ".streamlit"} - {*whole}:
        (folder / name).symlink_to(Path(HERE) / name)
    return folder


def test_it_is_not_well_without_its_weights(tmp_path: Path) -> None:
    checkout = copied(tmp_path, "covid_core", "weights")
    shutil.copytree(Path(HERE) / "covid_core", checkout / "covid_core")  # it finds weights beside
    with served(checkout) as server:
        answer = ask(server, HEALTH)
        assert (answer.status, answer.read()) == (503, b"unavailable")
        assert ask(server, "/_stcore/health").status == 200


class Portal(BaseHTTPRequestHandler):
    """A page of another site that shows the reader in a frame. `address`: the reader's."""

    address = ""

    def do_GET(self) -> None:
        page = (
            f"<!DOCTYPE html><iframe src='{self.address}' width=900 height=700></iframe>".encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def portal() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestInABrowser:
    pytestmark = in_browser

    def test_the_page_works_under_its_policy(self, browser: Browser, page_server: Server) -> None:
        page = new_page(browser)
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.goto(page_server.address)
        settled(page)
        drop(page, ("film.png", png(draw_phantom(size_px=512))))
        expect(page.get_by_text("Calibrated probability of COVID-19").first).to_be_visible()
        # Of the viewer, a module by its blob.
        expect(page.locator("#marked canvas")).to_be_visible()
        page.get_by_role("link", name="Model").first.click()
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        page.close()
        assert [text for text in messages if "Content Security Policy" in text] == []

    def test_no_other_site_frames_it(
        self, browser: Browser, page_server: Server, portal: str
    ) -> None:
        Portal.address = page_server.address
        page = new_page(browser)
        messages: list[str] = []
        page.on("console", lambda message: messages.append(message.text))
        page.goto(portal)
        page.wait_for_load_state("networkidle")
        assert page.frame_locator("iframe").get_by_test_id("stApp").count() == 0
        assert any("frame-ancestors" in text for text in messages)
        page.close()

    def test_a_site_that_the_deployer_names_frames_it(
        self, browser: Browser, portal: str, tmp_path: Path
    ) -> None:
        checkout = copied(tmp_path)
        (checkout / "desk.toml").write_text(f'framed_by = ["{portal}"]\n')
        with served(checkout) as server:
            Portal.address = server.address
            page = new_page(browser)
            page.goto(portal)
            expect(page.frame_locator("iframe").get_by_test_id("stApp")).to_be_visible()
            page.close()
