"""Characters that a learner's text may hold and that a file format may not."""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
# Half of a pair that UTF-16 uses. JSON can write one alone (``"\ud800"``), UTF-8 cannot.
SURROGATES = re.compile("[\ud800-\udfff]")
# All that XML 1.0 (section 2.2) leaves out, for example the escape character of a coloured traceback.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """``text`` with each lone surrogate replaced, so that UTF-8 can write it."""
    return text if text.isascii() else SURROGATES.sub(REPLACEMENT, text)


def is_writable(text: str) -> bool:
    """Whether UTF-8 can write ``text``."""
    return text.isascii() or not SURROGATES.search(text)


def xml(text: str) -> str:
    """``text`` with each character replaced that XML 1.0 does not allow."""
    return NOT_XML.sub(REPLACEMENT, text)
