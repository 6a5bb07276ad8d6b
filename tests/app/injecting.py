"""Payloads put wherever a file's words are shown, before a host that hears what they ask for."""

from __future__ import annotations

import contextlib
import csv
import io
import threading
import zipfile
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Dialog, Page, expect
from pydicom.datadict import dictionary_VR
from pydicom.valuerep import CUSTOMIZABLE_CHARSET_VR

from app.texts import about, common, read
from app.texts import worklist as listed
from covid_core.read.patient_tags import labelled, read_study
from covid_core.read.phantom import KINDS, draw_phantom
from tests.app.serving import drop, settled, wait_for_list
from tests.films import dicom_file
from tests.payloads import SIGN

TAGS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "AccessionNumber",
    "StudyDescription",
    "InstitutionName",
    "ViewPosition",
    "BodyPartExamined",
)
_LONGEST = {"AccessionNumber": 16, "ViewPosition": 16, "BodyPartExamined": 16}
_LONGEST_NAME = 250  # of a file; in a ZIP file there are longer ones
_FILM = draw_phantom(KINDS[-1], size_px=256)


class Listener:
    """A host that records requests: `host`: its address and port; `requested`: their paths."""

    def __init__(self, port: int) -> None:
        self.host, self.requested = f"127.0.0.1:{port}", list[str]()


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """A listener on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.requested.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard = Listener(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield heard
        server.shutdown()


class Watch:
    """What a page did that no payload may make it do: dialogs, requests, another title."""

    def __init__(self, page: Page) -> None:
        self.page, self.title, self.done = page, page.title(), list[str]()
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self._hear(request.url))

    def look(self) -> None:
        """See what is shown now: no element of a payload's making."""
        if self.page.title() != self.title:
            self.done.append(f"title {self.page.title()}")
        count = self.page.locator(f"[src*={SIGN}], [href*={SIGN}], [srcdoc]").count()
        self.done += ["element"] * count

    def _dismiss(self, dialog: Dialog) -> None:
        self.done.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _hear(self, url: str) -> None:
        if SIGN in url:
            self.done.append(url)


def zipped(names: Sequence[str]) -> bytes:
    """A ZIP file of files by these names that begin as films do, and are none."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(f"{name}{number}", b"\x89PNG\r\n\x1a\nno film")
    return file.getvalue()


def tagged(words: Sequence[str]) -> bytes:
    """A film whose tags that are shown are these, the first to the first."""
    tags: dict[str, Any] = {
        keyword: _fit(word, keyword).replace("\\", "/")[: _LONGEST.get(keyword, 64)]
        for keyword, word in zip(TAGS, words, strict=False)
    }
    return dicom_file(_FILM, modality="CR", SpecificCharacterSet="ISO_IR 192", **tags)


def _fit(word: str, keyword: str) -> str:
    """What a tag can hold of a word: codes are in Latin letters, whatever the file's."""
    if dictionary_VR(keyword) in CUSTOMIZABLE_CHARSET_VR:
        return word
    return word.encode("latin-1", "replace").decode("latin-1")


def show_list(page: Page, names: Sequence[str]) -> int:
    """Files of these names in the list, in a ZIP file in it, and among those that were refused;
    gives how many."""
    films = [(f"{name}.png", b"no film") for name in names if len(name) <= _LONGEST_NAME]
    count = len(films) + len(names)
    drop(page, *films, ("packed.zip", zipped(names)))
    wait_for_list(page, count)
    page.get_by_text(listed.UNREAD.format(count=count)).click()
    settled(page)
    return count


def show_film(page: Page, name: str, words: Sequence[str]) -> None:
    """Reads a film of that name and shows its tags."""
    data = tagged(words)
    drop(page, (f"{name}.dcm", data))
    page.get_by_text(read.STUDY, exact=True).click()
    shown = page.get_by_text(read.STUDY_SHOW)
    expect(shown).to_be_visible()
    page.wait_for_timeout(500)  # a drawer that still opens moves what is clicked
    shown.click()
    study = read_study(data)
    assert study is not None
    for title, value in labelled(study)[:2]:
        expect(page.get_by_text(f"{title}: {value}", exact=True)).to_be_visible()
    settled(page)


def show_name(page: Page) -> None:
    """Opens the page that shows the open film's name."""
    page.get_by_role("link", name=common.ABOUT).first.click()
    expect(page.get_by_text(about.SUM)).to_be_visible()
    settled(page)


def saved_rows(page: Page) -> list[dict[str, str]]:
    """The list's CSV file, parsed."""
    with page.expect_download() as caught:
        page.get_by_role("button", name=listed.DOWNLOAD).click()
    text = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
