"""Tests that sanitised HTML and Markdown are harmless, whatever they were, and that honest ones look as before."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.grading.display import sanitiser
from course.grading.display.sanitiser import Sanitiser

from .hostile_notebooks import HOST, IMG, PIXEL, SCRIPT, TAG
from .page_dangers import dangers

PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<svg onload=alert(1)>",
            "<img src=x onerror=alert(1)>",
            "<math>",
            "<mtext>",
            "<style>",
            "</style>",
            "<!--",
        ),
        *(
            "-->",
            "<![CDATA[",
            "]]>",
            "<b>",
            "</b>",
            "<a href='javascript:alert(1)'>",
            "</a>",
            "<p",
            " id=x",
            " style='x:url(y)'",
            ">",
            "<",
            "&lt;",
        ),
        *(
            "&",
            "&#60;script&#62;",
            '"',
            "'",
            "`",
            "```",
            "\n",
            "\n\n",
            "    ",
            "- ",
            "> ",
            "# ",
            "[x](javascript:alert(1))",
            "[x]: data:text/html,",
        ),
        *(
            "<javascript:alert(1)>",
            "![x](http://attacker.test)",
            "$$",
            "\\(",
            "|",
            "<table>",
            "<td>",
            "<div>",
            "</div>",
            "<noscript>",
            "<textarea>",
        ),
        *("<template>", "<select>", "<form>", "\x00", "\r", "é", "<details>", "</details>", "<a href=http://x.test>", "attachment:x"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=15).map("".join)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
@example("<!--><script>alert(1)</script>-->")
@example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>")
@example("<noscript><p title='</noscript><img src=x onerror=alert(1)>'>")
@example("<scr<script>ipt>alert(1)</script>")
def test_html_is_harmless(text: str) -> None:
    cleaned = Sanitiser().html(text)
    assert dangers(cleaned) == []
    assert dangers(Sanitiser().html(cleaned)) == []


@settings(max_examples=60, deadline=None)
@given(TEXTS)
@example("[x](javascript&colon;alert(1))")
@example("<div>\n\n<script>alert(1)</script>\n\n</div>")
def test_the_rendering_of_markdown_is_harmless(text: str) -> None:
    source = Sanitiser().markdown(text, {})
    rendered = sanitiser._rendered(source, {})
    assert dangers(rendered) == []
    assert dangers(sanitiser._rendered(Sanitiser().markdown(source, {}), {})) == []


@pytest.mark.parametrize(
    "text",
    [
        "# A heading\n\nSome *text* with `code < 3`, a [link](https://docs.aws.amazon.com/x) and 1 < 2 & 3.",
        "- one\n- two\n\n> a quote\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "```python\nprint('<script>')\n```\n\n```\n<b>\n```\n",
        "<details><summary>More</summary>\n\nText.\n\n</details>",
        "$x < y$ and $$\\frac{1}{2}$$",
    ],
)
def test_honest_markdown_stays(text: str) -> None:
    assert Sanitiser().markdown(text, {}) == text


def test_other_markdown_keeps_its_look() -> None:
    source = Sanitiser().markdown(f"# Title\n\n*mine*{TAG}\n\n```\na\n\nb\n```\n\n{IMG}", {})
    rendered = sanitiser._rendered(source, {})
    assert "<h1>Title</h1>" in rendered and "<em>mine</em>" in rendered and "a&#10;\nb" in rendered
    assert SCRIPT not in rendered and HOST not in rendered


def test_an_attached_picture_stays() -> None:
    attached = {"x.png": {"image/png": PIXEL}}
    assert PIXEL in sanitiser._rendered(Sanitiser().markdown("![x](attachment:x.png)", attached), attached)


def test_an_honest_table_and_plot_stay() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "<i>"]}).to_html()
    assert Sanitiser().html(table) == table
    plot = f'<img alt="Bars: late &amp; early" src="data:image/png;base64,{PIXEL}">'
    assert Sanitiser().html(plot) == plot


@pytest.mark.parametrize(
    "value", ["margin:-9px", "margin:&#x2d.9e3px", "margin:0 0 - 9px", "margin:calc(0px - 9px)", "position:fixed", "top:0"]
)
def test_text_stays_in_its_place(value: str) -> None:
    assert Sanitiser().html(f'<p style="{value}">x</p>') in ("<p>x</p>", '<p style="">x</p>')


@pytest.mark.parametrize(
    "attribute", ["id=m98_1_ex1_check", "name=x", "class=full-credit", "class='k score'", "data-toggle=modal", "target=x"]
)
def test_the_formgrader_finds_only_its_own_elements(attribute: str) -> None:
    assert Sanitiser().html(f"<p {attribute}>x</p>") == "<p>x</p>"


def test_pandas_style_sheet_is_no_text() -> None:
    shown = Sanitiser().html(pd.DataFrame({"a": [1]})._repr_html_())
    assert "<td>1</td>" in shown and "vertical-align" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 50_000,
        "<b x=1><i y=2>" * 1_000 + "<p>" * 5_000,
        "<p>x" * 25_000,
        "<table><tr><td>" * 10_000,
        "x" * 5_000_000,
        "<style>" * 30_000,
    ],
)
@pytest.mark.timeout(60)
def test_a_text_that_would_take_long_is_refused(text: str) -> None:
    assert Sanitiser().html(text) is None


def test_a_notebook_of_many_texts_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sanitiser.LIMITS, "tags_of_a_notebook", 11)
    cleaner = Sanitiser()
    assert [cleaner.html("<p>x</p>") is None for _ in range(7)] == [False] * 5 + [True] * 2


def test_a_fence_holds_any_text() -> None:
    text = f"````\n```\n{TAG}\n~~~"
    assert dangers(sanitiser._rendered(sanitiser.as_text(text), {})) == []


def test_markdown_that_is_too_long_is_cut() -> None:
    assert len(Sanitiser().markdown("<b>" * 90_000, {})) < 20_000
