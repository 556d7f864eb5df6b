"""Filter patterns of CloudWatch Logs: terms, and conditions on JSON events.

Source: CloudWatch Logs User Guide, "Filter pattern syntax". Not supported and refused: regular expressions (``%...%``), patterns
for space-delimited events (``[...]``), and ``?`` together with other terms. For the last AWS documents only that the ``?`` is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.logs.json_patterns import json_condition

Matcher = Callable[[str], bool]

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)')
_BARE = re.compile(r"\w+")


def matcher(pattern: str) -> Matcher:
    """The function that decides whether a message matches the pattern.

    Raises
    ------
    AwsError
        ``InvalidParameterException`` for an invalid pattern; ``NotSupportedByLocalAws`` for a pattern that the module refuses.
    """
    pattern = pattern.strip()
    if not pattern:
        return lambda message: True
    if pattern.startswith("["):
        raise not_supported("logs", 'FilterLogEvents with a pattern for space-delimited events ("[...]")')
    if "%" in pattern:
        raise not_supported("logs", 'FilterLogEvents with a regular expression ("%...%")')
    return _json(pattern) if pattern.startswith("{") else _terms(pattern)


def _json(pattern: str) -> Matcher:
    condition = json_condition(pattern)

    def matches(message: str) -> bool:
        try:
            document = json_text.load(message)
        except ValueError:
            return False
        return isinstance(document, dict | list) and condition(document)

    return matches


def _terms(pattern: str) -> Matcher:
    optional, excluded, required = [], [], []
    kinds = {"?": optional, "-": excluded, "": required}
    at = 0
    while at < len(pattern):
        found = _TERM.match(pattern, at)
        if found is None:
            raise AwsError("InvalidParameterException", f"Invalid filter pattern: {pattern[at:]!r} is not a term")
        sign, quoted, bare = found.groups()
        if bare is not None and not _BARE.fullmatch(bare):
            raise AwsError("InvalidParameterException", f"Invalid character(s) in term '{bare}'")
        kinds[sign].append(re.sub(r"\\(.)", r"\1", quoted) if bare is None else bare)
        at = found.end()
        while at < len(pattern) and pattern[at].isspace():
            at += 1
    if optional and (excluded or required):
        raise not_supported("logs", 'FilterLogEvents with "?" terms together with others')

    def matches(message: str) -> bool:
        return (
            all(term in message for term in required)
            and not any(term in message for term in excluded)
            and (not optional or any(term in message for term in optional))
        )

    return matches
