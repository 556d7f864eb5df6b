"""Admonitions become HTML that names their kind in words. Nothing else changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.authoring.admonitions import CLOSING, KINDS, OPENING, AdmonitionError, render


@pytest.mark.parametrize("kind", KINDS)
def test_the_word_comes_first(kind):
    html = render(f"Before.\n\n:::{{{kind}}}\nBody with *emphasis*.\n:::\n\nAfter.")
    assert re.search(
        rf'<div class="admonition {kind}" style="[^"]+">\n<p class="admonition-title"><strong>{kind.capitalize()}</strong></p>', html
    )
    assert "\n\nBody with *emphasis*.\n\n</div>" in html  # the empty lines make JupyterLab read the body as Markdown
    assert html.startswith("Before.\n") and html.endswith("\nAfter.")


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_a_fence_in_a_code_block_is_code(fence):
    text = f"{fence}\n:::{{note}}\n:::\n{fence}"
    assert render(text) == text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n:::{danger}\nb\n:::", 1, "there is no admonition 'danger'; the kinds are note, tip"),
        (":::{note} Title\nb\n:::", 0, "text after the opening fence"),
        ("a\n\n:::{note}\nb", 2, "never closed"),
        (":::{note}\n:::{tip}\n:::\n:::", 1, "within an admonition"),
        (":::{}\nb\n:::", 0, "there is no admonition ''"),
    ],
)
def test_a_wrong_fence_says_its_line(text, line, words):
    with pytest.raises(AdmonitionError, match=re.escape(words)) as caught:
        render(text)
    assert caught.value.line == line


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")), max_size=8))
def test_text_without_fences_is_not_touched(lines):
    lines = [line for line in lines if not (OPENING.fullmatch(line) or CLOSING.fullmatch(line))]
    assert render("\n".join(lines)) == "\n".join(lines).removesuffix("\n")
