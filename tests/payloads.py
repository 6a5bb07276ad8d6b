"""Names and tags that would do something, if anything took them for more than text."""

from __future__ import annotations

SIGN = "zq-hit"  # in every address that a payload asks for
_MARKDOWN = (
    "![x](http:&#47;&#47;{host}/zq-hit)",
    "[x](http:&#47;&#47;{host}/zq-hit)",
    "![x][1] [1]: //{host}/zq-hit",
    "**bold** _em_ `code`",
    "# title",
    "<https:&#47;&#47;{host}/zq-hit>",
    "![x](//{host}/zq-hit)",
)
_HTML = (
    "<img src=//{host}/zq-hit>",
    "<img src=x onerror=document.title='zq'>",
    "<script>document.title='zq'</script>",
    "<svg onload=alert(1)>",
    "<iframe srcdoc=<script>alert(1)</script>>",
    "<b>bold</b>",
    "</script><script>alert(1)</script>",
    "<link rel=icon href=//{host}/zq-hit>",
    "<style>*{{background:url(//{host}/zq-hit)}}</style>",
    '"><img src=//{host}/zq-hit>',
    "<title>zq</title>",
)
_STREAMLIT = (
    ":red[zq] :material/home:",
    ":smile: :streamlit:",
    "$\\href{{//{host}/zq-hit}}{{x}}$",
    "$$\\includegraphics{{//{host}/zq-hit}}$$",
)
_PLOTLY = ("<a href='//{host}/zq-hit'>x</a>", "%{{x}}<extra><b>x</b></extra>")
FORMULAS = ("=HYPERLINK(0)", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1")
_NAMES = ("\u202egpj.film", "nul\0name", "../../../../zq", "n" * 4096)


def payloads(host: str) -> tuple[str, ...]:
    """All of them; what they ask for is at this host, which may have a port."""
    asking = (*_MARKDOWN, *_HTML, *_STREAMLIT, *_PLOTLY)
    return *(text.format(host=host) for text in asking), *FORMULAS, *_NAMES
