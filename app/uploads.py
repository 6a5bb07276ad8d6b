"""How many bytes of uploads one page and the whole server hold, and what is refused beyond.

The limits are kept as uploads arrive, before Streamlit stores them: what fits no more is read to
its end and dropped, and only the file's name goes on. So the page still hears of the file, and says
why it was refused. Everything else that is sent to the server passes untouched.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakSet

import streamlit as st

from app.deployment import Deployment, deployment
from app.forgetting import own_session_id, stored_bytes
from covid_core.errors import CovidCoreError, RefusedFile

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from streamlit.typing import UploadedFile

_MIB = 1024**2
_ROUTE = "/_stcore/upload_file/"
_MAX_HEAD_BYTES = 8192  # of what stands before a file's own bytes: its name and type
_MAX_REMEMBERED = 10_000  # refusals that no page has read


@dataclass(eq=False)
class Held:
    """The bytes of uploads that one page has read and holds, by what holds them.

    It lies in the page's session alone, and is gone with it.
    """

    session_id: str
    sizes: dict[str, int] = field(default_factory=dict)


class Budget:
    """What all uploads take, and which were refused; for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arriving: dict[object, tuple[str, int]] = {}
        self._held: WeakSet[Held] = WeakSet()
        self._refused: OrderedDict[str, RefusedFile] = OrderedDict()

    def begin(self, session_id: str, file_id: str, size: int, allowed: Deployment) -> object | None:
        """Room for an upload until `end`; None where there is none, which is remembered."""
        with self._lock:
            own, all_of_them = self._taken(session_id)
            refusal = None
            if own + size > allowed.max_session_mb * _MIB:
                refusal = _page_is_full(allowed.max_session_mb)
            elif all_of_them + size > allowed.max_held_mb * _MIB:
                refusal = _server_is_full()
            if refusal is None:
                room = object()
                self._arriving[room] = session_id, size
                return room
            self._refused[file_id] = refusal
            while len(self._refused) > _MAX_REMEMBERED:
                self._refused.popitem(last=False)
            return None

    def end(self, room: object) -> None:
        """The upload is stored by now, or has failed."""
        with self._lock:
            self._arriving.pop(room)

    def refusal(self, file_id: str) -> RefusedFile | None:
        """Why an upload was refused; None where it was not."""
        with self._lock:
            return self._refused.get(file_id)

    def add(self, held: Held) -> None:
        """Count what a page holds, for as long as it is there."""
        with self._lock:
            self._held.add(held)

    def _taken(self, session_id: str) -> tuple[int, int]:
        """The bytes of one session, and those of all."""
        taken = list(self._arriving.values())
        taken += [(one.session_id, sum(one.sizes.values())) for one in self._held]
        taken += stored_bytes().items()
        return sum(n for session, n in taken if session == session_id), sum(n for _, n in taken)


BUDGET = Budget()


class UploadLimits:
    """The limits, around the whole page as ASGI has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        try:
            self._allowed = deployment()
        except CovidCoreError:  # the page says so itself, and takes no file
            self._allowed = Deployment()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or of an upload that does not fit its name alone."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _ROUTE not in scope["path"]:
            await self._app(scope, receive, send)
            return
        session_id, _, file_id = scope["path"].partition(_ROUTE)[2].partition("/")
        headers = dict(scope["headers"])
        room = BUDGET.begin(session_id, file_id, self._size(headers), self._allowed)
        if room is None:
            boundary = headers.get(b"content-type", b"").partition(b"boundary=")[2].split(b";")[0]
            await self._app(scope, _without_content(receive, boundary.strip(b'"')), send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            BUDGET.end(room)

    def _size(self, headers: dict[bytes, bytes]) -> int:
        """What a request says of its size; the most that is taken of one that does not say."""
        said = headers.get(b"content-length", b"")
        return int(said) if said.isdigit() else self._allowed.max_upload_mb * _MIB


def _without_content(receive: Receive, boundary: bytes) -> Receive:
    """The form of an upload with an empty file: its own bytes are dropped as they arrive."""

    async def receive_head() -> Message:
        head, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return message
            head += message.get("body", b"")[: _MAX_HEAD_BYTES - len(head)]
            more = message.get("more_body", False)
        body = head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n\r\n--" + boundary + b"--\r\n"
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_head


def hold(what: str, size: int) -> None:
    """Count the bytes of uploads that this page holds as `what`, in place of those it held so."""
    session_id = own_session_id()
    if session_id is None:
        return
    held: Held | None = st.session_state.get("held-uploads")
    if held is None:
        held = st.session_state["held-uploads"] = Held(session_id)
        BUDGET.add(held)
    held.sizes[what] = size


def content(file: UploadedFile) -> bytes:
    """An upload's bytes. Raises RefusedFile where there was no room for it."""
    refusal = BUDGET.refusal(file.file_id)
    if refusal is not None:
        raise refusal
    return file.getvalue()


def _page_is_full(most_mb: int) -> RefusedFile:
    return RefusedFile(
        "no_room",
        f"this page holds {most_mb:,} MiB of files at most, and this one is beyond that",
        "Close the others and give it again",
    )


def _server_is_full() -> RefusedFile:
    return RefusedFile(
        "no_room",
        "the server holds as many files of all its visitors as it may",
        "Give it again in some minutes",
    )
