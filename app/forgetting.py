"""What Streamlit keeps of films: how much, and what is let go once it is not needed.

It has no public way to any of this, and only this module goes past what it publishes: as of
Streamlit 1.67.0. tests/app/test_forgetting.py and test_uploads.py hold it to a running server.

- `release`, `stored_bytes`: a widget's bytes stay until its session ends, and only the manager of
  uploads can replace or count them.
- `own_session_id`: the page's own code is given no session, and uploads come by its id.
- `begin`: Starlette spools uploads to disk by an attribute of a class alone; closed sessions are
  dropped by a cache that nothing asks to look at the time.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import cast

from starlette.formparsers import MultiPartParser
from streamlit import runtime
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionClient
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from covid_core.storage.privacy import keep_private

_EVERY_S, _SERVED_S = 5, 1
_M_MMAP_THRESHOLD, _LARGE = -3, 256 * 1024  # of mallopt(3); bytes


def release(files: Iterable[UploadedFile]) -> None:
    """Empties uploads that the page has read.

    Streamlit would keep their bytes until the session ends. It still knows that they are there, and
    so still reports when one is taken back.
    """
    context = get_script_run_ctx()
    for file in files:
        if context is not None and file.size:
            manager = cast(MemoryUploadedFileManager, context.uploaded_file_mgr)
            empty = UploadedFileRec(file.file_id, file.name, file.type, b"")
            manager.add_file(context.session_id, empty)
            file.truncate(0)


def stored_bytes() -> dict[str, int]:
    """The bytes of uploads that Streamlit stores, by the id of their session."""
    if not runtime.exists():
        return {}
    manager = cast(MemoryUploadedFileManager, runtime.get_instance().uploaded_file_mgr)
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(manager.file_storage.items())
    }


def own_session_id() -> str | None:
    """The id of the session whose page runs here; None outside of one."""
    context = get_script_run_ctx()
    return None if context is None else context.session_id


@cache
def begin() -> None:
    """Has all sessions forget films: no upload touches the disk, no crash puts memory there.

    What closed pages held is dropped, and the memory of films goes back to the system as they go:
    among others' it would be kept, and grow. Starlette puts uploads above 1 MB into temporary
    files; `server.maxUploadSize` bounds them here. Streamlit drops a closed page's session when
    `server.disconnectedSessionTTL` is over, but only once the next page is closed.
    """
    keep_private()
    MultiPartParser.spool_max_size = 2**40
    with _where_glibc_is():
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    if runtime.exists():
        loop = runtime.get_instance()._get_async_objs().eventloop
        loop.call_soon_threadsafe(_drop_closed, loop)


def _drop_closed(loop: asyncio.AbstractEventLoop) -> None:
    loop.call_later(_EVERY_S, _drop_closed, loop)
    sessions = cast(WebsocketSessionManager, runtime.get_instance()._session_mgr)
    if cast(MemorySessionStorage, sessions._session_storage)._cache.expire():  # type: ignore[attr-defined]
        loop.call_later(_SERVED_S, _close, _connect_nobody())


class _Nobody(SessionClient):
    """A client without a page.

    Streamlit's loop holds on to the session that it served last, with all that its page held: let
    that be this one's.
    """

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """Nowhere."""


def _connect_nobody() -> str:
    server = runtime.get_instance()
    session_id = server.connect_session(_Nobody(), {})
    session = server.get_app_session(session_id)
    if session is not None:
        session._enqueue_forward_msg(ForwardMsg())
    return session_id


def _close(session_id: str) -> None:
    runtime.get_instance().close_session(session_id)
    gc.collect()
    _give_back()


def _give_back() -> None:
    """Memory that was freed, to the system: the allocator would keep it, films and all."""
    with _where_glibc_is():
        ctypes.CDLL(None).malloc_trim(0)


def _where_glibc_is() -> suppress:
    """Other C libraries, and Windows, have other ways."""
    return suppress(AttributeError, OSError, TypeError)
