"""What of a page would run a script or send a request, by the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

SENDS = {"src", "srcset", "href", "data", "action", "formaction", "poster", "background", "srcdoc", "http-equiv", "xlink:href", "ping"}
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "link", "meta", "base", "form", "svg", "math", "template", "noscript", "input"}
HARMLESS = ("http://", "https://", "mailto:", "#")


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.found.append(tag)
        for name, value in attrs:
            link = tag == "a" and name == "href" and (value or "").startswith(HARMLESS)
            picture = tag == "img" and name == "src" and (value or "").startswith("data:image/") and "svg" not in value
            if name.startswith("on") or (name in SENDS and not link and not picture) or name in ("id", "name"):
                self.found.append(f"{tag} {name}={value}")


def dangers(html: str) -> list[str]:
    """The elements and attributes that could do harm, in order."""
    finder = _Finder()
    finder.feed(html)
    finder.close()
    return finder.found
