"""Uploads within limits: of each page and of the server, as they arrive, and with a sentence."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import uploads
from app.deployment import Deployment
from app.held_films import films_in_file, held_bytes
from app.texts.worklist import DROP
from app.uploads import Budget, Held, UploadLimits
from benchmarks.servers import HERE, Server, served
from benchmarks.visitors import visiting
from covid_core.errors import RefusedFile
from covid_core.present.overlay import png
from covid_core.read.phantom import draw_phantom

MIB = 1024**2
ALLOWED = Deployment(max_session_mb=4, max_held_mb=6)
FORM = (
    b'--edge\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
)


def test_a_session_and_the_server_hold_so_many_bytes_and_no_more() -> None:
    budget = Budget()
    first = budget.begin("one", "a", 3 * MIB, ALLOWED)
    assert first is not None
    assert budget.begin("one", "b", 2 * MIB, ALLOWED) is None
    assert budget.begin("two", "c", 3 * MIB, ALLOWED) is not None
    assert budget.begin("three", "d", MIB, ALLOWED) is None
    refusals = {name: budget.refusal(name) for name in "abcd"}
    assert refusals["a"] is refusals["c"] is None
    assert refusals["b"] and "this page" in refusals["b"].problem
    assert refusals["d"] and "the server" in refusals["d"].problem
    budget.end(first)
    assert budget.begin("three", "e", MIB, ALLOWED) is not None


def test_what_a_page_holds_counts_until_the_page_is_gone() -> None:
    budget = Budget()
    held = Held("one", {"films": 4 * MIB})
    budget.add(held)
    assert budget.begin("one", "a", MIB, ALLOWED) is None
    del held
    gc.collect()
    assert budget.begin("one", "b", 4 * MIB, ALLOWED) is not None


def put(parts: list[bytes], stated: int | None) -> bytes:
    """What of a request's body comes through the limits."""
    came = bytearray()

    async def page(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            came.extend(message["body"])
            more = message["more_body"]

    async def receive() -> dict[str, Any]:
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    headers = [(b"content-type", b"multipart/form-data; boundary=edge")]
    if stated is not None:
        headers.append((b"content-length", str(stated).encode()))
    path = "/_stcore/upload_file/session/file"
    scope = {"type": "http", "method": "PUT", "path": path, "headers": headers}
    asyncio.run(UploadLimits(page)(scope, receive, page))
    return bytes(came)


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Budget:
    monkeypatch.setattr(uploads, "deployment", lambda: ALLOWED)
    monkeypatch.setattr(uploads, "BUDGET", Budget())
    return uploads.BUDGET


def test_what_fits_goes_through_as_it_came(budget: Budget) -> None:
    parts = [FORM, b"picture", b"\r\n--edge--\r\n"]
    assert put(list(parts), 1000) == b"".join(parts)
    assert budget.refusal("file") is None
    assert budget._arriving == {}


@pytest.mark.parametrize("stated", [5 * MIB, None])
def test_what_does_not_fit_goes_on_as_an_empty_file_of_its_name(
    budget: Budget, stated: int | None
) -> None:
    parts = [FORM[:20], FORM[20:] + b"pic", *[b"ture"] * 50, b"\r\n--edge--\r\n"]
    assert put(parts, stated) == FORM + b"\r\n--edge--\r\n"
    assert parts == []  # read to its end, for a browser that is still sending hears nothing
    assert budget.refusal("file") is not None


def test_of_a_refused_type_nothing_is_held() -> None:
    film = png(draw_phantom(size_px=256))
    [taken], [other] = films_in_file("a.png", film), films_in_file("a.exe", b"MZ" * MIB)
    assert held_bytes([taken, other]) == len(film)
    with pytest.raises(RefusedFile) as refused:
        other.read()
    assert refused.value.code == "unknown_format"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page that holds 4 MiB, of a server that holds 6."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("app", "covid_core", "weights", "streamlit_app.py", ".streamlit"):
        (checkout / name).symlink_to(Path(HERE) / name)
    (checkout / "desk.toml").write_text("max_session_mb = 4\nmax_held_mb = 6\n")
    with served(checkout) as server:
        yield server


def test_a_visitor_who_sends_without_end_is_refused_and_others_are_served(server: Server) -> None:
    """As 1,000 files of 64 MiB, a thousand times smaller."""
    film = png(draw_phantom(size_px=256))
    padded = film + bytes(MIB - len(film))
    with visiting(server.address) as greedy, visiting(server.address) as other:
        for _ in range(10):
            greedy.put(DROP, *[(f"{i}.png", padded) for i in range(4)])
        assert server.uploads() <= 4 * MIB
        assert other.give(DROP, ("mine.png", film)).says("Calibrated probability of COVID-19")
        greedy.again()
        greedy.wait_for("holds 4 MiB of files at most")
        assert greedy.shown.says("40 films")
        assert greedy.take_back(DROP).says("Drop a frontal chest radiograph")
        assert greedy.give(DROP, ("again.png", film)).says("Calibrated probability of COVID-19")
