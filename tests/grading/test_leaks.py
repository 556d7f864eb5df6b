"""Tests that a piece of the right answer in a message is found; the learner's own words and public text do not count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course.grading.gate.leaks import leaked, pieces

WORDS = st.text("abcdefgh", min_size=4, max_size=9)
NUMBERS = st.integers(1_000, 99_999).map(lambda number: number / 1_000)


def test_pieces_of_all_kinds() -> None:
    value = {"names": ["one", ("two", 3)], "table": pd.DataFrame({"a": [1.5]}), "array": np.array([2.5]), "no": None, "yes": True}
    assert set(pieces(value)) == {"names", "one", "two", 3.0, "table", 1.5, "array", 2.5, "no", "yes"}


@given(right=st.sets(WORDS, min_size=1), own=st.sets(WORDS), before=st.sampled_from(["", "expected ", "got `x`, not `"]))
def test_a_word_is_found_unless_it_was_handed_in_or_can_be_read(right: set[str], own: set[str], before: str) -> None:
    word = min(right)
    said = f"{before}{word}, of 12"
    assume(word not in own)
    assert leaked(said, right, own, "") == [word]
    assert leaked(said, right, own | {word}, "") == []
    assert leaked(said, right, own, f"a table with {word}.") == []
    assert leaked(f"{before}x{word}y", right, own, "") == []


@given(right=NUMBERS, own=NUMBERS)
def test_a_number_is_found_however_it_is_rounded(right: float, own: float) -> None:
    assume(abs(right - own) > 0.1)
    said = f"your {own:.2f} is too far from {right:.2f}"
    digits = f"{right:.2f}".replace(".", "").strip("0")
    assert leaked(said, [right], [own], "") == ([f"{right:.2f}"] if len(digits) >= 3 else [])


@pytest.mark.parametrize("said", ["12 of 40 flights", "part 3 failed", "0.5 points"])
def test_counts_are_refused_as_answers(said: str) -> None:
    assert leaked(said, [12.0, 40.0, 3.0, 0.5, "3", "12"], [], "") == []
