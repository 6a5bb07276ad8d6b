"""What the server does around the page: which hosts it answers to, who may frame it, how it is.

All by what Streamlit publishes: middleware and routes of `st.App`, and its settings.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from app.deployment import Deployment, deployment
from covid_core.errors import CovidCoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEALTH = "/healthz"
_LOG = logging.getLogger(__name__)
_HOST = re.compile(r"(?P<name>[^\s:/?#@\[\]]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?", re.I)
_LAST_PORT = 65535
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY = (
    "default-src 'self'",
    # The viewer's code arrives as data and becomes a module by a blob's address.
    "script-src 'self' blob: {inline}",
    "style-src 'self' 'unsafe-inline'",  # Streamlit styles its elements so
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors {framed_by}",
)


class Guard:
    """Refuses hosts that are not allowed, and gives each answer its headers; around all of ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        try:
            framed_by = deployment().framed_by
        except CovidCoreError:  # the page says so itself
            framed_by = Deployment().framed_by
        self._headers = security_headers(framed_by)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on where its Host is allowed; its answer gets the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        if is_allowed_host(Headers(scope=scope), st.get_option("server.allowedHosts")):
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            refusal = PlainTextResponse("This server has no such host.", 403)
            await refusal(scope, receive, send_with_headers)


def is_allowed_host(headers: Headers, allowed: Sequence[str]) -> bool:
    """Whether a request's one Host is among `server.allowedHosts`, as Streamlit matches them.

    An empty list allows all; `*.example` allows the names that end in `.example`.
    """
    if not allowed:
        return True
    given = headers.getlist("host")
    host = _HOST.fullmatch(given[0]) if len(given) == 1 else None
    if host is None or int(host["port"] or 0) > _LAST_PORT:
        return False
    name = host["name"].strip("[]").lower().rstrip(".")
    for pattern in (one.strip().lower().rstrip(".") for one in allowed):
        if pattern == "*" or name == pattern:
            return True
        if pattern.startswith("*.") and name.endswith(pattern[1:]):
            return True
    return False


def security_headers(framed_by: Sequence[str]) -> dict[str, str]:
    """The headers of each answer. `framed_by`: the sites that may show the page in a frame."""
    policy = "; ".join(_POLICY).format(
        inline=inline_scripts(), framed_by=" ".join(framed_by) or "'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if not framed_by:  # for browsers that know no frame-ancestors; it can name no site
        headers["X-Frame-Options"] = "DENY"
    return headers


@cache
def inline_scripts() -> str:
    """The scripts inside of Streamlit's own page, as a policy names them: by SHA-256."""
    page = Path(st.__file__).with_name("static") / "index.html"
    scripts = _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def tell_health(request: Request) -> PlainTextResponse:  # noqa: ARG001
    """200 once the networks are loaded and films can be read; else 503, and why in the log."""
    from app import preloading, session  # what serves the first page can do without

    try:
        session.settings()
        preloading.load_ahead()
    except CovidCoreError as error:
        _LOG.warning("no film can be read: %s", error)
        return PlainTextResponse("unavailable", 503, {"Cache-Control": "no-store"})
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})
