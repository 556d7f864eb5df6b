"""Patterns with wildcards match as a plain search through all possibilities does, and a hostile one takes no longer than a plain one."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.wildcards import ANY, SEGMENT, expression, glob
from course.localaws.iam.policy_patterns import arn_like, expand, matches, plain, resource_matches, text
from tests import by_day
from tests.limited_time import within

GLOB = ("a", "b", ":", ".", ANY)  # what the parts of a pattern may be, without segments and with them
ARN = ("a", "b", ":", "[^:]", ANY, SEGMENT)


def matches_naively(parts: tuple[str, ...], text: str) -> bool:
    """The definition: a star takes nothing, or one more character that it may take."""

    @cache
    def fits(part: int, at: int) -> bool:
        if part == len(parts):
            return at == len(text)
        if parts[part] in (ANY, SEGMENT):
            more = at < len(text) and (parts[part] == ANY or text[at] != ":")
            return fits(part + 1, at) or (more and fits(part, at + 1))
        return at < len(text) and re.fullmatch(parts[part], text[at]) is not None and fits(part + 1, at + 1)

    return fits(0, 0)


@given(st.lists(st.sampled_from(GLOB), max_size=9) | st.lists(st.sampled_from(ARN), max_size=9), st.text("ab:", max_size=12))
def test_the_expression_means_what_its_parts_mean(parts, text):
    assert (re.fullmatch(expression(parts), text, re.DOTALL) is not None) == matches_naively(tuple(parts), text)


def segments_match(pattern: list[str], arn: list[str]) -> bool:
    """The definition for a resource whose pattern has six segments, none of which ends with a star."""
    within, last = {"*": SEGMENT, "?": "[^:]"}, {"*": ANY, "?": "."}
    parts = [[within.get(one, one) for one in segment] for segment in pattern[:5]] + [[last.get(one, one) for one in pattern[5]]]
    return all(matches_naively(tuple(part), text) for part, text in zip(parts, arn, strict=True))


@given(
    st.lists(st.from_regex(r"\A([ab*?]{0,4}[ab])?\Z"), min_size=6, max_size=6), st.lists(st.text("ab", max_size=4), min_size=6, max_size=6)
)
def test_each_segment_of_a_resource_matches_its_segment(pattern, arn):
    assert resource_matches(plain(":".join(pattern)), ":".join(arn)) == segments_match(pattern, arn)


@pytest.mark.nightly  # millions of pairs of pattern and text; the property test draws from the same ones by day
@pytest.mark.parametrize("alphabet", [("a", ":", ".", ANY), ("a", ":", "[^:]", ANY, SEGMENT)])
def test_all_short_patterns(alphabet):
    texts = ["".join(each) for size in range(6) for each in product("ab:", repeat=size)]
    for size in range(6):
        for parts in product(alphabet, repeat=size):
            compiled = re.compile(expression(parts), re.DOTALL)
            wrong = [text for text in texts if (compiled.fullmatch(text) is not None) != matches_naively(parts, text)]
            assert not wrong, (parts, wrong)


@pytest.mark.parametrize("pattern", ["*a" * 300 + "*b", "?" + "*a?" * 200 + "b", "*" * 1000 + "b"])
@pytest.mark.parametrize("text", by_day.first(["a" * 2000, "a:" * 1000, "arn:aws:s3:::" + "a" * 2000], 1))
def test_a_hostile_pattern_takes_no_time(pattern, text):
    arn = f"arn:{pattern}:{pattern}:{pattern}:*:{pattern}"
    for check in (
        lambda: glob(pattern).fullmatch(text),
        lambda: matches(plain(pattern), text),
        lambda: resource_matches(plain(arn), text),
        lambda: arn_like(plain(arn), f"arn:{text}"),
    ):
        assert not within(60, check)


@pytest.mark.parametrize("template", ["${" + " " * 10_000, "${a" * 5000, "${a," + " " * 10_000 + "'"])
def test_a_hostile_variable_takes_no_time(template):
    assert within(60, lambda: text(expand(template, {})) == template)
