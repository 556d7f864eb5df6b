"""The Content-Security-Policy of the formgrader's pages: the scripts of nbgrader's own templates, and no others.

nbgrader's pages have inline scripts and handlers (``onclick``). A page is allowed exactly those that its template holds, by their hashes.
https://www.w3.org/TR/CSP3/ has the directives.
"""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser

STATIC = "/formgrader/static/"  # nbgrader's scripts and styles; no file of a learner is below it
OURS = "/formgrader/course/"
API = "/formgrader/api/"

# For everything that is no page of the formgrader, such as the page for logging in.
CLOSED = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def policy(origin: str, template: str) -> str:
    """The policy of a page.

    Parameters
    ----------
    origin : str
        Scheme, host and port of the server.
    template : str
        The page without any content of a learner.
    """
    scripts = _Scripts()
    scripts.feed(template)
    scripts.close()
    hashes = " ".join(sorted({_hash(each) for each in scripts.found}))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {origin}{STATIC} {origin}{OURS} 'unsafe-hashes' {hashes}",
            f"style-src {origin}{STATIC} 'unsafe-inline'",
            f"font-src {origin}{STATIC}",
            "img-src data:",
            f"connect-src {origin}{API}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


class _Scripts(HTMLParser):
    """Collects the inline scripts and the handlers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name.startswith("on") and value]
        self._inside = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found.append(data)
