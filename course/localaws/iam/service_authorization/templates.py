"""Templates of ARNs, filled with the members of a request.

``{Member}`` is a member, ``{Outer.Inner}`` one in it, ``{Member.*}`` every key of a map, ``{Member|text}`` has a default, ``{Member:form}``
writes the value in a form of `FORMS`. ``${Region}`` and ``${Account}`` are those of the call.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

ANY = "*"  # a part of an ARN that a request does not name
OR = " or "  # between alternatives
KEYS = "*"  # the last part of a path: the keys of the map
_PLACE = re.compile(r"(?<!\$)\{([^}:|]+)(?::(\w+))?(?:\|([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is made: ``${Region}`` and ``${Account}``."""

    region: str
    account: str


def _slashed(value: str, place: Place) -> str:
    return f"/{value.lstrip('/')}"


def _host(value: str, place: Place) -> str:
    return re.sub(r"^https?://", "", value)


def _queue(value: str, place: Place) -> str:
    """The ARN of the queue of a URL. An account in the URL counts."""
    *_, account, name = ["", *urlsplit(value).path.strip("/").split("/")] if "/" in value else [place.account, value]
    return f"arn:aws:sqs:{place.region}:{account if re.fullmatch(r'[0-9]{12}', account) else place.account}:{name}"


FORMS: dict[str, Callable[[str, Place], str]] = {"host": _host, "queue": _queue, "slashed": _slashed}


@dataclass(frozen=True, slots=True)
class Template:
    """One resource of an operation.

    Attributes
    ----------
    alternatives : tuple of str
        The first one for which a request has all values counts. One that is a member alone counts only if its value is an ARN, unless it
        is the last one.
    required : bool
        Whether the resource counts when the request has not all values of any alternative. The missing parts of the last one are ``*``.
    """

    alternatives: tuple[str, ...]
    required: bool = True

    @classmethod
    def of(cls, text: str, prefix: str) -> Template:
        """Reads the text of a template. ``prefix`` comes before each alternative that is no whole ARN."""

        def whole(each: str) -> str:
            return each if each.startswith(("arn:", "{")) or each == ANY else prefix + each

        return cls(tuple(whole(each) for each in text.split(OR)))

    def filled(self, params: dict, place: Place) -> list[str]:
        """The ARNs for a request. Several when a member is a list."""
        *first, last = self.alternatives
        for alternative in first:
            found = list(_filled(alternative, params, place))
            if found and (alternative[0] != "{" or all(arn.startswith("arn:") for arn in found)):
                return found
        if found := list(_filled(last, params, place)):
            return found
        return list(_filled(last, params, place, missing=ANY)) if self.required else []


def values(params: object, path: str) -> list[str]:
    """The values of a member as texts. A list on the path contributes all its elements. A value that is no text or number has none."""
    found: list = [params]
    for member in path.split("."):
        if member == KEYS:
            found = [key for each in found if isinstance(each, dict) for key in each]
            continue
        found = [inner for each in found if isinstance(each, dict) and (inner := each.get(member)) is not None]
        found = [item for each in found for item in (each if isinstance(each, list) else [each])]
    texts = (str(each).lower() if isinstance(each, bool) else str(each) for each in found if isinstance(each, str | int | float))
    return list(dict.fromkeys(texts))


def _filled(template: str, params: dict, place: Place, missing: str | None = None) -> Iterator[str]:
    places = list(_PLACE.finditer(template))
    choices = [_choice(params, each, place, missing) for each in places]
    place_text = template.replace("${Region}", place.region).replace("${Account}", place.account)
    head = place_text[: place_text.find("{")]
    for chosen in itertools.product(*choices):
        arns = [each for each in chosen if each.startswith("arn:")]
        if arns and (len(chosen) == 1 or (head and arns[0].startswith(head))):
            yield arns[0]
            continue
        # A member may hold the ARN of an outer resource, e.g. of an event bus. Its last part is the name.
        names = iter([each.rpartition("/")[2] if each.startswith("arn:") else each for each in chosen])
        yield _PLACE.sub(lambda _, names=names: next(names), place_text)


def _choice(params: dict, found: re.Match[str], place: Place, missing: str | None) -> list[str]:
    """The values for one place in a template."""
    path, form, default = found.groups()
    chosen = [value for value in values(params, path) if value] or [each for each in (default, missing) if each is not None][:1]
    return [FORMS[form](value, place) for value in chosen] if form and chosen != [missing] else chosen
