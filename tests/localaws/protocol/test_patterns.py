"""The models' Java patterns in Python: all compile, none runs for long, and a replacement matches the same texts."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import botocore.loaders
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.protocol import patterns
from course.localaws.protocol.patterns import pattern, translate
from course.localaws.protocol.validation import LONGEST_MATCHED_IN_VAIN
from tests.localaws.parameter_strategies import SERVICES

LIMIT = 5.0  # seconds for all hostile texts of a pattern; a catastrophic one would run for hours on a single text
LONGEST = 100_000
SHOWN, IN_SECONDS = 10_000, 0.010  # no text of this many characters may take longer than this many seconds
NOT_PYTHON = 23  # shapes of botocore 1.44.8 whose pattern Python's `re` does not compile
UNITS = ("a", "A", "0", "-", "a-", "-a", ".", "a.", "0.", "/", "a/", "_", ":", " ", "\t", "\n", "é", "arn:aws:", "ab1-", "aa/", "=", "a=")
HEADS = (
    "",
    "a",
    "s3://",
    "https://",
    "https://a/",
    "arn:aws:sagemaker:us-east-1:123456789012:",
    "arn:aws:iam::123456789012:role/",
    "ip-",
    "/",
)
TAILS = ("", "\0", "!", "-", "\u2028")


def all_patterns() -> dict[str, int]:
    """Returns every pattern of the four models, with the maximum length of a text that is matched against it."""
    found: dict[str, int] = {}
    for service in SERVICES:
        for shape in botocore.loaders.Loader().load_service_model(service, "service-2")["shapes"].values():
            if "pattern" in shape:
                found[shape["pattern"]] = max(found.get(shape["pattern"], 0), shape.get("max", LONGEST))
    return found


def test_what_python_does_not_compile_is_translated():
    raw = [shape for service in SERVICES for shape in botocore.loaders.Loader().load_service_model(service, "service-2")["shapes"].values()]
    refused = [shape["pattern"] for shape in raw if "pattern" in shape and not compiles(shape["pattern"])]
    assert len(refused) >= NOT_PYTHON
    assert all(compiles(pattern(java).pattern) for java in refused)


def compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises TimeoutError after this time, even during a single call of `re`."""

    def expired(*_: object) -> None:
        raise TimeoutError(f"still matching after {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def hostile(length: int) -> Iterator[str]:
    """Generates texts of a given length that keep a backtracking matcher busy."""
    for head in HEADS:
        for unit in UNITS:
            for tail in TAILS:
                yield (head + unit * (length // len(unit)))[: length - 1] + tail


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("error")
def test_no_pattern_runs_for_long_on_hostile_texts():
    for java, longest in all_patterns().items():
        compiled = pattern(java)
        try:
            with within(LIMIT):
                for text in hostile(min(longest, LONGEST)):
                    compiled.fullmatch(text)
        except TimeoutError:
            pytest.fail(f"the pattern {java} takes more than {LIMIT} s for all texts")


@pytest.mark.nightly  # all patterns with long texts; hostile ones by day
@pytest.mark.timeout(600)
def test_no_text_of_ten_thousand_characters_takes_long():
    """A text that exceeds both its limit and about a thousand characters is not matched at all."""
    for java, longest in all_patterns().items():
        compiled = pattern(java)
        for text in hostile(max(min(longest, SHOWN), LONGEST_MATCHED_IN_VAIN)):
            # Best of five, in this thread's CPU time, so that other processes do not affect the result.
            assert any(took(compiled, text) < IN_SECONDS for _ in range(5)), f"the pattern {java} takes long for {text[:40]!r}..."


def took(compiled: re.Pattern, text: str) -> float:
    begun = time.thread_time()
    with within(LIMIT):
        compiled.fullmatch(text)
    return time.thread_time() - begun


@pytest.mark.parametrize("java", patterns.equivalents())
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_replacement_matches_the_same_texts(java, data):
    original = re.compile(translate(java), re.ASCII)
    # Short enough for the original pattern, and made of the characters that it distinguishes.
    alphabet = "a0-._/ \r\n\t\x85\u2028é" if ".*" in java or "]*." in java or "?." in java else "a0-_./"
    text = data.draw(st.sampled_from(["", "https://", "arn:aws:sagemaker::123456789012:"])) + data.draw(st.text(alphabet, max_size=8))
    assert bool(original.fullmatch(text)) == bool(pattern(java).fullmatch(text))


@pytest.mark.parametrize(
    ("java", "matching", "others"),
    [
        (r"\p{ASCII}*", ["", "a~\x7f"], ["é"]),
        (r"\A\S[\p{Print}]*\z", ["a b"], [" a", "a\n", ""]),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", ["Äpfel 3/4", "東京", ""], ["a!", "a\n"]),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}", ["key"], ["a!"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["a😀\t"], ["\n", "\x00"]),
        (r"arn:[\p{Alnum}\-]+:x", ["arn:aws-cn:x"], ["arn:é:x", "arn::x"]),
        (r".*", ["a\x0b"], ["\u2028", "a\nb", "\x85"]),
        (r"\d\w\s", ["1a "], ["٣a ", "1é ", "1a\u2003"]),
        (r"[.]", ["."], ["a"]),
    ],
)
def test_java_syntax_means_what_java_means(java, matching, others):
    assert [text for text in matching if not pattern(java).fullmatch(text)] == []
    assert [text for text in others if pattern(java).fullmatch(text)] == []


@pytest.mark.parametrize(
    ("java", "matched", "refused"),
    [
        (r"\P{C}*", "Flug", "a\0"),
        (r"[\P{C}\r]+", "a\r", "a\n"),
        (r"[\P{M}\p{M}]{1,5}", "e\u0301\n", "sixsix"),
        (r"[\p{Zs}\p{Pd}]+", "\u00a0-", "_"),
        (r"[\p{Upper}\p{Digit}_]+", "A_1", "a"),
        (r"[\p{Alnum}\p{Punct}\p{Blank}]*", "a!]~\t", "\u00e9"),
        (r"[\w-_]*", "a-_", "."),
        (r"[\s\x{0022}]+", ' "', "'"),
    ],
)
def test_properties_and_hyphens_mean_what_java_means(java: str, matched: str, refused: str):
    assert pattern(java).fullmatch(matched) and not pattern(java).fullmatch(refused)


@pytest.mark.nightly
def test_almost_every_pattern_of_every_service_is_translated():
    loader, failed = botocore.loaders.Loader(), set()
    for service in loader.list_available_services("service-2"):
        for shape in loader.load_service_model(service, "service-2")["shapes"].values():
            try:
                pattern(shape.get("pattern", ""))
            except re.error:
                failed.add(shape["pattern"])
    assert len(failed) <= 8, failed
