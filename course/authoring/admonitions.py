"""Admonitions: MyST fences in the source, HTML in the notebook, since JupyterLab does not render MyST.

    :::{warning}                      <div class="admonition warning" ...>
    This deletes the bucket.    ->    <p class="admonition-title"><strong>Warning</strong></p> ...
    :::                               </div>

The word comes first, the colour second: a reader who sees no colour loses nothing.
"""

from __future__ import annotations

import re

# Colours of the left edge: at least 3:1 against both JupyterLab's white and its dark ground (WCAG 2.2, 1.4.11).
KINDS = {"note": "#5a7fb5", "tip": "#3f8f5f", "important": "#8a6bbf", "warning": "#c4693a", "cost": "#8f7a2e"}
OPENING = re.compile(r":{3,}\s*\{\s*(?P<kind>[^}]*?)\s*\}\s*(?P<rest>.*)")
CLOSING = re.compile(r":{3,}\s*")
CODE_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


class AdmonitionError(ValueError):
    """A fence is malformed. ``line`` counts from 0 within the text."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def render(text: str) -> str:
    """Markdown with each admonition as HTML around its Markdown body. Fences within code blocks do not change.

    Raises
    ------
    AdmonitionError
        When a fence is of an unknown kind, has text on its opening line, is nested or never closed.
    """
    out: list[str] = []
    opened: int | None = None
    code = ""
    for number, line in enumerate(text.splitlines()):
        fence = CODE_FENCE.match(line)
        if fence and (not code or fence[1].startswith(code)):
            code = "" if code else fence[1]
        if code or fence:
            out.append(line)
        elif match := OPENING.fullmatch(line):
            if opened is not None:
                raise AdmonitionError("an admonition within an admonition; close the first with `:::`.", number)
            out += _open(match, number)
            opened = number
        elif opened is not None and CLOSING.fullmatch(line):
            out += ["", "</div>"]
            opened = None
        else:
            out.append(line)
    if opened is not None:
        raise AdmonitionError("an admonition that is never closed; end it with a line `:::`.", opened)
    return "\n".join(out)


def _open(match: re.Match[str], number: int) -> list[str]:
    kind = match["kind"]
    if kind not in KINDS:
        raise AdmonitionError(f"there is no admonition {kind!r}; the kinds are {', '.join(KINDS)}.", number)
    if match["rest"]:
        raise AdmonitionError("text after the opening fence; put it on the next line.", number)
    style = f"border-left: 4px solid {KINDS[kind]}; padding: 2px 12px; margin: 12px 0"
    title = f'<p class="admonition-title"><strong>{kind.capitalize()}</strong></p>'
    return [f'<div class="admonition {kind}" style="{style}">', title, ""]
