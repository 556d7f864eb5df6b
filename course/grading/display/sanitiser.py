"""Sanitises a learner's HTML and Markdown by bleach, which nbconvert brings. What is left starts no script and sends no request.

``allowed.yaml`` lists what is left.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.token import STANDARD_TYPES

ALLOWED = yaml.safe_load(Path(__file__).with_name("allowed.yaml").read_text(encoding="utf-8"))
LIMITS = ALLOWED["limits"]
CLASSES = frozenset({*STANDARD_TYPES.values(), "dataframe", "highlight"})
SCHEMES = frozenset({"http", "https", "mailto", "data"})
LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)  # a relative link would lead into the formgrader, or to a learner's file
IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+\Z")
NEGATIVE = re.compile(r"-\s*[.\d]|calc")  # a negative margin would move text over other cells

FORMATTING = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE)
UNSEEN = re.compile(r"<(script|style|template|title|textarea|xmp|noscript|iframe)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
BLANK_LINE = re.compile(r"\n(?=[^\S\n]*\n)")


class Sanitiser:
    """Sanitises the texts of one notebook. Not for several threads: bleach's parser has a state."""

    def __init__(self) -> None:
        self._left = LIMITS["tags_of_a_notebook"]
        css = CSSSanitizer(allowed_css_properties=frozenset(ALLOWED["styles"]), allowed_svg_properties=frozenset())
        tags = frozenset(ALLOWED["tags"])
        self._cleaner = Cleaner(tags=tags, attributes=_is_allowed, protocols=SCHEMES, strip=True, css_sanitizer=css)

    def html(self, text: str) -> str | None:
        """The text with harmless elements and attributes only; None when it is too large to be parsed."""
        tags = text.count("<")
        self._left -= tags
        if len(text) > LIMITS["html"] or tags > LIMITS["tags"] or self._left < 0:
            return None
        if sum(1 for _ in FORMATTING.finditer(text)) * tags > LIMITS["formatting_times_tags"]:
            return None
        # Their content is no text to be read. The cleaner would keep it, as text.
        return self._cleaner.clean(UNSEEN.sub("", text))

    def markdown(self, source: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
        """Markdown that any renderer shows without harm.

        A text whose rendering is harmless stays as it is. Another becomes its sanitised rendering, as one block of HTML, which Markdown
        passes on unchanged. What cannot be rendered is shown as it was written.

        Parameters
        ----------
        source : str
        attachments : mapping
            As in a notebook's cell: name -> media type -> base64.
        """
        if len(source) > LIMITS["markdown"]:
            return as_text(f"{source[: LIMITS['markdown'] // 2]}\n... (cut)")
        rendered = _rendered(source, attachments)
        cleaned = None if rendered is None else self.html(rendered)
        if cleaned is None:
            return as_text(source)
        if cleaned == rendered:
            return source
        block = f"<div>{BLANK_LINE.sub('&#10;', cleaned.strip())}</div>"
        return block if self._is_harmless(block) else as_text(source)

    def _is_harmless(self, source: str) -> bool:
        rendered = _rendered(source, {})
        return rendered is not None and self.html(rendered) == rendered


def as_text(source: str) -> str:
    """Markdown that shows a text as it is: a block of code, whose fence is longer than any in the text."""
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"


def _rendered(source: str, attachments: Mapping[str, Mapping[str, str]]) -> str | None:
    """The HTML that nbconvert makes of Markdown; None when it cannot."""
    renderer = IPythonRenderer(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
    try:
        return MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # nbconvert raises for an attachment that is missing, mistune and pygments for odd texts
        return None


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return CLASSES.issuperset(value.split())
    if name == "href":
        return tag == "a" and bool(LINK.match(value))
    if name == "src":
        return tag == "img" and bool(IMAGE.match(value))
    if name == "style":
        return not NEGATIVE.search(html.unescape(value))
    return name in ALLOWED["attributes"]
