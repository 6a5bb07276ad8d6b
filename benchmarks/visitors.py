"""A visitor of the page without a browser: Streamlit's own protocol, spoken by a program.

What a browser does when a film is dropped: it asks by WebSocket where to put the file, puts it
there by HTTP, and asks for a run of the script with the uploader's new state. The run's answer
comes back as elements, here kept as the words they show and the widgets they are.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs, UploadedFileInfo
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.waits import LONGEST_S

_COOKIE = "_streamlit_xsrf"
_WORDED = ("markdown", "heading", "text", "alert")  # elements whose words are their `body`


@dataclass(slots=True)
class Shown:
    """What one run of the script showed.

    `words`: in the order in which they came. `uploaders`: their widget ids by label. `turns`: of
    fragments that ask to be run again, the seconds until then, by fragment id. `views`: the SHA-256
    of what each viewer was given, film and heat. `size`: of all messages, in bytes. `failed`: an
    exception was shown. `earlier`: the words of runs that this one followed at once.
    """

    words: list[str] = field(default_factory=list)
    uploaders: dict[str, str] = field(default_factory=dict)
    turns: dict[str, float] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    size: int = 0
    failed: bool = False
    earlier: list[str] = field(default_factory=list)

    def has_said(self, words: str) -> bool:
        """Whether these words are shown, or were on the way there."""
        return self.says(words) or any(words in one for one in self.earlier)

    def says(self, words: str) -> bool:
        """Whether these words were shown."""
        return any(words in one for one in self.words)

    def note(self, message: ForwardMsg) -> None:
        """Add what a message shows."""
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._note_element(message.delta.new_element)
        elif kind == "auto_rerun":
            self.turns[message.auto_rerun.fragment_id] = message.auto_rerun.interval

    def _note_element(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind in _WORDED:
            self.words.append(getattr(element, kind).body)
        elif kind == "file_uploader":
            self.uploaders[element.file_uploader.label] = element.file_uploader.id
        elif kind == "bidi_component" and element.bidi_component.bytes:  # a viewer
            self.views.append(hashlib.sha256(element.bidi_component.bytes).hexdigest())
        elif kind == "exception":
            self.words.append(element.exception.message)
            self.failed = True


class Trickle:
    """A request's body that goes out slowly: each read sleeps, and gives little."""

    def __init__(self, body: bytes, bytes_per_s: int) -> None:
        self._body, self._at, self._bytes_per_s = body, 0, bytes_per_s

    def __len__(self) -> int:
        return len(self._body)

    def read(self, _: int = -1) -> bytes:
        """The next part, after the time that it takes on this line."""
        part = self._body[self._at : self._at + self._bytes_per_s]
        self._at += len(part)
        time.sleep(len(part) / self._bytes_per_s)
        return part


class Visitor:
    """One open page, for one thread; `shown`: its last whole run.

    Each method runs the script and raises TimeoutError where the server falls silent,
    ConnectionClosed where it hangs up.
    """

    def __init__(self, address: str, socket: ClientConnection, http: requests.Session) -> None:
        self._address, self._socket, self._http = address, socket, http
        self._session_id = ""
        self._given: dict[str, list[UploadedFileInfo]] = {}  # by the uploader's id
        self.shown = self._run()

    def give(self, label: str, *files: tuple[str, bytes]) -> Shown:
        """The page after files, each name and bytes, were added to the uploader of that label."""
        self.put(label, *files)
        return self.again()

    def again(self) -> Shown:
        """The page run once more, as a button does."""
        self.shown = self._run()
        return self.shown

    def put(self, label: str, *files: tuple[str, bytes], bytes_per_s: int = 0) -> None:
        """Files sent to that uploader; the page does not hear of them yet.

        `bytes_per_s`: how slow the line is; 0: as quick as it goes.
        """
        given = self._given.setdefault(self.shown.uploaders[label], [])
        urls = self._urls([name for name, _ in files])
        for url, (name, data) in zip(urls, files, strict=True):
            put = requests.Request(
                "PUT", self._address + url.upload_url, files={name: (name, data)}
            )
            prepared = self._http.prepare_request(put)
            if bytes_per_s:
                assert isinstance(prepared.body, bytes)
                prepared.body = Trickle(prepared.body, bytes_per_s)
            self._http.send(prepared, timeout=None if bytes_per_s else LONGEST_S).raise_for_status()
            given.append(
                UploadedFileInfo(name=name, size=len(data), file_id=url.file_id, file_urls=url)
            )

    def ask(self) -> None:
        """Ask for a run of the page, and wait for no answer."""
        self._socket.send(self._state("").SerializeToString())

    def heard_an_end(self) -> bool:
        """Whether the requested run came to its end before the server hung up."""
        with suppress(ConnectionClosed):
            return any(is_end(message) for message, _ in self._answers())
        return False

    def take_back(self, label: str) -> Shown:
        """The page after all files of that uploader were removed."""
        given = self._given[self.shown.uploaders[label]]
        for info in given:
            self._http.delete(self._address + info.file_urls.delete_url).raise_for_status()
        given.clear()  # an empty list is sent; of an uploader left out the page would hear nothing
        return self.again()

    def wait_for(self, words: str) -> Shown:
        """The page once it says these words, its fragments run again as they ask."""
        until = time.monotonic() + LONGEST_S
        while not self.shown.says(words):
            if not self.shown.turns or time.monotonic() > until:
                raise TimeoutError(f"the page does not say “{words}”, but {self.shown.words}")
            fragment, pause_s = next(iter(self.shown.turns.items()))
            time.sleep(pause_s)
            self.shown = self._run(fragment)
        return self.shown

    def _urls(self, names: list[str]) -> list[FileURLs]:
        """Where to put files of these names."""
        message = BackMsg()
        message.file_urls_request.request_id = str(uuid.uuid4())
        message.file_urls_request.session_id = self._session_id
        message.file_urls_request.file_names.extend(names)
        self._socket.send(message.SerializeToString())
        for answer, _ in self._answers():
            if answer.WhichOneof("type") == "file_urls_response":
                return list(answer.file_urls_response.file_urls)
        raise AssertionError("the answers end by an error")

    def _run(self, fragment: str = "") -> Shown:
        """What a run of the script, or of a fragment, shows, as the uploaders stand.

        If another run follows at once, what that shows.
        """
        self._socket.send(self._state(fragment).SerializeToString())
        shown = Shown()
        for message, size in self._answers():
            if message.WhichOneof("type") == "new_session":
                self._session_id = message.new_session.initialize.session_id
                shown = Shown(earlier=[*shown.earlier, *shown.words])
            shown.size += size
            shown.note(message)
            if is_end(message):
                return shown
        raise AssertionError("the answers end by an error")

    def _state(self, fragment: str) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        state.context_info.timezone, state.context_info.color_scheme = "UTC", "light"
        for uploader, files in self._given.items():
            widget = state.widget_states.widgets.add()
            widget.id = uploader
            widget.file_uploader_state_value.uploaded_file_info.extend(files)
        return message

    def _answers(self) -> Iterator[tuple[ForwardMsg, int]]:
        """What the server says, each with its size in bytes, until nobody listens."""
        while True:
            data = self._socket.recv(timeout=LONGEST_S)
            assert isinstance(data, bytes)
            yield ForwardMsg.FromString(data), len(data)


@contextmanager
def visiting(address: str) -> Iterator[Visitor]:
    """A visitor who has opened the page at an address, and closes it afterwards."""
    with requests.Session() as http:
        http.get(f"{address}/_stcore/health", timeout=LONGEST_S).raise_for_status()
        token = http.cookies.get(_COOKIE) or ""  # none where the check of forgery is off
        http.headers["X-Xsrftoken"] = token
        with connect(
            f"ws://{urlsplit(address).netloc}/_stcore/stream",
            origin=Origin(address),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(token)],
            additional_headers={"Cookie": f"{_COOKIE}={token}"},
            max_size=None,
        ) as socket:
            yield Visitor(address, socket, http)


def is_end(message: ForwardMsg) -> bool:
    """Whether a run ended here, and not because another is due at once."""
    early = ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return message.WhichOneof("type") == "script_finished" and message.script_finished != early
