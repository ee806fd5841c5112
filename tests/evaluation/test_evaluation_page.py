"""The page says what the JSON says, fetches nothing, believes no text, and can be read without eyes or mouse."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from made_answers import calibrated, report_of
from page_reader import Page

from samesay.evaluation.report.page import format_number, render_page, resolve
from samesay.pairs import LabelSet

pytest.importorskip("cleanlab")
pytest.importorskip("jinja2")

HOSTILE = (
    "</p></li><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "\u202eright to left\x00\x1b[31m",
    "a lone half \ud800 of a letter",
    "&amp; &lt;b&gt;",
)


@pytest.fixture(scope="module")
def report():
    rows, truth = calibrated(240)
    texts = [HOSTILE[place % len(HOSTILE)] for place in range(240)]
    figures = report_of(
        rows,
        truth,
        labels=LabelSet(("a/b~c", "<i>neutral</i>", "no")),
        first=texts,
        second=texts[::-1],
        columns={"<u>genre</u>": ["x & y"] * 200 + ["z"] * 40},
        slice_columns=["<u>genre</u>"],
    )
    figures["baselines"] = {"majority": {"metrics": {"accuracy": 0.25, "macro_f1": 0.125, "loss": 1.5}}}
    figures["model"] = "folder/<model>"
    return json.loads(json.dumps(figures, allow_nan=False))


@pytest.fixture(scope="module")
def text(report):
    return render_page(report)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_every_number_on_the_page_is_that_of_the_json(report, page):
    shown = [one for one in page.elements if "data-json" in one]
    assert len(shown) > 150
    for one in shown:
        value = resolve(report, one["data-json"])
        assert one["text"] == format_number(value, one["data-kind"]), one["data-json"]
        assert one.get("value") == (None if value is None else str(value))
    pointers = {one["data-json"] for one in shown}
    assert {"/metrics/accuracy", "/metrics/macro_f1", "/metrics/loss", "/intervals/loss/high"} <= pointers
    assert {"/calibration/expected_calibration_error", "/calibration/brier_score"} <= pointers
    assert {f"/confusion/counts/{row}/{column}" for row in range(3) for column in range(3)} <= pointers
    assert {f"/slices/{place}/accuracy" for place in range(len(report["slices"]))} <= pointers
    assert {
        f"/mistakes/shown/{place}/confidence" for place in range(len(report["mistakes"]["shown"]))
    } <= pointers


def test_every_word_of_the_verdict_and_of_every_finding_is_on_the_page(report, page):
    (body,) = page.all("body")
    plain = body["text"].replace("\u00a0", " ")
    for told in [*report["verdict"], *(one["text"] for one in report["findings"])]:
        assert told in plain


def test_nothing_is_fetched_and_nothing_runs(text, page):
    assert not page.all("script", "link", "img", "iframe", "object", "embed", "form", "base", "foreignobject")
    for one in page.elements:
        assert not [name for name in one if name.startswith("on")]
        assert re.fullmatch(r"(--\w+:\d+\.\d+%?;?)*", one.get("style", "")), "numbers of a drawing alone"
        assert one.get("href", "#").startswith("#")
        assert "src" not in one
    assert not re.search(r"@import|url\(|https?:", text)
    (policy,) = (one for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")


def test_texts_of_users_stay_texts(report, text, page):
    texts = [one["text"] for one in page.all("dd")]
    assert '"><img src=x onerror=alert(1)>' in texts
    assert "{{ 7 * 7 }} {% raw %}" in texts
    assert "&amp; &lt;b&gt;" in texts
    assert not re.search(r"[\x00-\x08\x1b\ud800-\udfff\u202e]", text)
    text.encode("utf-8")
    assert "<i>neutral</i>" in {one["text"] for one in page.all("th")}
    assert all(one.get("dir") == "auto" for one in page.all("dd"))


def test_it_can_be_read_by_its_structure_alone(page):
    (html,) = page.all("html")
    assert html["lang"] == "en"
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
    levels = [int(one["tag"][1]) for one in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [one["id"] for one in page.elements if "id" in one]
    assert len(set(ids)) == len(ids)
    named = [one["href"][1:] for one in page.all("a")]
    named += [one["aria-labelledby"] for one in page.elements if "aria-labelledby" in one]
    assert set(named) <= set(ids)
    assert len(page.all("table")) == len(page.all("caption")) == 7
    assert all("scope" in one for one in page.all("th"))
    assert all(one["parent"]["class"] == "scrolled" for one in page.all("table"))
    assert all(one.get("tabindex") == "0" for one in page.elements if one.get("class") == "scrolled")


def test_every_plot_has_its_words(page):
    figures, captions = page.all("figure"), page.all("figcaption")
    assert len(figures) == len(captions) == len(page.all("svg")) == 2
    for picture in page.all("svg"):
        assert picture["role"] == "img"
        assert len(picture["aria-label"]) > 80
    assert all(len(one["text"]) > 80 for one in captions)


def test_colours_follow_the_reader_and_paper_is_white(text):
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert not re.search(r'(fill|stroke)="#', text)


def test_the_same_report_give_the_same_page(report, text):
    assert render_page(report) == text
