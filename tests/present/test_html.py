"""Reports: one file, two scripts, no address, whatever is written into them."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from covid_core.present.html import embedded, write_page
from covid_core.present.overlay import data_uri, png
from tests.app.injecting import listening
from tests.app.serving import chromium, in_browser, new_page
from tests.payloads import payloads

_BODY = """{% extends "page.html" %}{% block title %}Report{% endblock %}{% block body %}
{% for word in words %}<p title="{{ word }}">{{ word }}</p>{% endfor %}
<div class="plots">{% for plot in plots %}<div>{{ plot | safe }}</div>{% endfor %}</div>
<img src="{{ picture }}" width="64" alt="{{ words[0] }}">{{ smuggled | safe }}{% endblock %}"""


def written(folder: Path, host: str, smuggled: str = "") -> Path:
    """A report in which every word is a payload, also those of its plots."""
    words = payloads(host)
    template, page = folder / "template.html", folder / "report.html"
    template.write_text(_BODY, encoding="utf-8")
    figure = go.Figure(go.Bar(x=np.arange(len(words)), y=np.ones(len(words)), name=words[0]))
    heat = go.Figure(go.Heatmap(z=np.eye(3)))
    plots = [embedded(drawn.update_layout(title="; ".join(words[:24]))) for drawn in (figure, heat)]
    picture = data_uri(png(np.eye(8, dtype=np.uint8) * 255))
    write_page(template, page, words=words, plots=plots, picture=picture, smuggled=smuggled)
    return page


def test_its_policy_names_its_two_scripts_and_nothing_runs_besides(tmp_path: Path) -> None:
    text = written(tmp_path, "host").read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy and policy[1].startswith("default-src &#39;none&#39;")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)
    kinds = [kind for kind, _ in scripts]
    assert kinds == [' type="application/json"'] * 2 + [""] * 2
    for kind, script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert (digest in policy[1].replace("&#43;", "+")) is (kind == "")


@in_browser[0]
@in_browser[1]
def test_it_is_drawn_and_asks_for_nothing(tmp_path: Path) -> None:
    with listening() as listener, chromium() as browser:
        smuggled = f"<script>document.title='zq'</script><img src='http://{listener.host}/zq-hit'>"
        report = written(tmp_path, listener.host, smuggled)
        page = new_page(browser)
        page.goto(report.as_uri())
        page.locator(".js-plotly-plot .main-svg").nth(5).wait_for(state="attached")
        assert page.title() == "Report"
        assert page.evaluate("document.querySelector('img[width]').naturalWidth") == 8
        assert listener.requested == []


@pytest.mark.parametrize("word", ["</script><script>alert(1)</script>", "<!--<script>"])
def test_no_text_of_a_plot_ends_its_element(word: str) -> None:
    drawn = embedded(go.Figure(layout_title=word))
    assert drawn.count("<") == 4 and drawn.startswith('<div class="plot"><script')
