"""Tests that the facts about AWS that lessons cite exist and are complete and dated."""

from datetime import date, timedelta

import pytest

from course import facts


def test_every_fact_is_complete_and_dated() -> None:
    for name, known in facts.facts().items():
        assert set(known) == facts.FIELDS, name
        assert isinstance(known["date"], date) and known["date"] < known["review_by"], name
        assert known["source"].strip() and known["says"].strip(), name


def test_prose_gets_the_value() -> None:
    assert facts.fill_in("at most {fact:lambda-minutes} minutes") == "at most 15 minutes"


def test_a_small_price_is_written_without_an_exponent() -> None:
    assert facts.fact("serverless-gb-second-usd") == 2e-05
    assert facts.fill_in("{fact:serverless-gb-second-usd} dollars") == "0.00002 dollars"


def test_an_unknown_fact_names_the_file_to_edit() -> None:
    with pytest.raises(facts.UnknownFact, match=r"facts\.yaml has no fact 'no-such'"):
        facts.fill_in("{fact:no-such}")


def test_a_fact_is_overdue_from_the_day_after_its_review() -> None:
    due = facts.facts()["lambda-minutes"]["review_by"]
    assert "lambda-minutes" not in facts.overdue(due)
    assert "lambda-minutes" in facts.overdue(due + timedelta(days=1))
