"""HTTP with a server that may be hostile or broken: bounded in bytes and in time, never compressed.

Its `timeout` bounds each wait for a byte, and a server that sends one at a time outlasts it. So a
clock cuts off all connections of a session at once, in whatever they wait for.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

_FIRST_ERROR = 400


class AnswerTooLarge(Exception):
    """An answer has more bytes than it may."""


class AnswerCompressed(Exception):
    """An answer is compressed, though that was not requested: its full size is unknown."""


class Clock:
    """The time that a session has. `is_over`: whether all its connections were cut off."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut_off)
        self._timer.daemon = True
        self._timer.start()

    def add(self, line: socket.socket) -> None:
        """Cut off this connection too, once time is over."""
        with self._lock:
            self._sockets.append(line)
        if self.is_over:
            self._cut_off()

    def stop(self) -> None:
        """Cut off nothing from now on."""
        self._timer.cancel()

    def _cut_off(self) -> None:
        self.is_over = True
        with self._lock:
            for line in self._sockets:
                with suppress(OSError):  # closed by now
                    # Not TLS's own, which leaves the thread that reads without what it reads by.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)


@contextmanager
def bounded_session(clock: Clock, *, most: int, most_streamed: int) -> Iterator[requests.Session]:
    """A session that follows no redirection, whose answers are bounded.

    `most`, `most_streamed`: bytes of an answer that is read at once, and of one that is streamed.
    Raises, from any request, AnswerTooLarge and AnswerCompressed beside what requests does.
    """
    with requests.Session() as session:
        session.max_redirects = 0  # what follows one may take a patient's data elsewhere
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            session.mount(scheme, _BoundedAdapter(clock, most, most_streamed))
        yield session


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, clock: Clock, most: int, most_streamed: int) -> None:
        super().__init__()
        self._clock, self._most, self._most_streamed = clock, most, most_streamed

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **options)
        if not issubclass(pool.ConnectionCls, _Timed):
            kind = type("Timed", (_Timed, pool.ConnectionCls), {"clock": self._clock})
            pool.ConnectionCls = kind
        return pool

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **options: Any
    ) -> requests.Response:
        response = super().send(request, stream, *args, **options)
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity") and response.status_code < _FIRST_ERROR:
            response.close()
            raise AnswerCompressed
        response.raw = _Bounded(response.raw, self._most_streamed if stream else self._most)
        return response


class _Timed:
    """Mixed into a connection, puts its socket under the session's clock."""

    clock: Clock
    sock: socket.socket

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # the connection's
        self.clock.add(self.sock)


class _Bounded:
    """An answer's bytes as they came, up to so many.

    Read by `read`, for urllib3's own way through chunks reads a line of any length.
    """

    def __init__(self, raw: Any, most: int) -> None:
        self._raw, self._left = raw, most

    def stream(self, size: int, decode_content: bool = False) -> Iterator[bytes]:  # noqa: ARG002
        """The bytes in pieces, as requests asks for them. Raises AnswerTooLarge."""
        while data := self._raw.read(min(size, self._left + 1), decode_content=False):
            self._left -= len(data)
            if self._left < 0:
                self.close()
                raise AnswerTooLarge
            yield data

    def close(self) -> None:
        self._raw.close()

    def release_conn(self) -> None:
        self._raw.release_conn()
