"""m14_2: what its given files say of prices and instance types, what checkpoints cost, and the replay of a company's year."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.grading import catalogue
from course.localaws.billing import prices
from course.localaws.core.data_files import table
from course.localaws.sagemaker.core import instance_types
from course.localaws.sagemaker.training import spot as local_spot
from graders.m14_cost import m14_2_replay as company
from graders.m14_cost.m14_2_companies_hidden import best_plan
from graders.m14_cost.m14_2_company import EXAMPLE, EXAMPLE_BILL, bill, broken, problems, refused
from graders.m14_cost.m14_2_spot import SpotJob

LESSON = Path(__file__).parents[2] / "solutions" / "m14_cost"
TEXT = (LESSON / "m14_2_the_same_for_less.py").read_text(encoding="utf-8")
endpoints = catalogue.load_module(LESSON / "given" / "endpoints.py")
SEEDS = st.integers(0, 2**31)


def price(usage_type: str) -> float:
    return prices.rate("AmazonSageMaker", usage_type, "us-east-1").price


def test_the_lesson_has_the_prices_of_the_price_table() -> None:
    given_prices = company.PRICES | {name: each["hour"] for name, each in endpoints.TYPES.items()}
    assert given_prices == {name: price(f"Host:{name}") for name in given_prices}
    assert price("ServerlessInf:Mem-2GB") == 2 * company.GB_SECOND
    assert prices.about()["date"] in company.__doc__


def test_the_lesson_has_the_sizes_of_the_table_of_instance_types() -> None:
    for name, each in endpoints.TYPES.items():
        known = instance_types.known(name)
        assert (each["vcpus"], each["gigabytes"]) == (known.vcpus, known.gib), name


def test_the_lesson_says_how_spot_is_billed_and_how_many_hours_may_be_slow() -> None:
    billed = table(Path(local_spot.__file__).with_suffix(".yaml"))["billed_share"]
    assert billed == company.SPOT
    assert f"always costs {billed * 100:.0f} % of the price" in TEXT and f"all but {company.LATE_HOURS} hours" in TEXT


@pytest.mark.parametrize("every", [1, 30, 200, 1000])
def test_the_expected_time_is_the_mean_of_the_replay(every: int) -> None:
    job = SpotJob(1000, 10.0, 50.0, 7200.0)
    drawn = [
        company.billed_seconds(company.lifetimes(seed, job.lifetime), job.work, every * job.round_seconds, job.save_seconds)
        for seed in range(400)
    ]
    assert np.mean(drawn) == pytest.approx(job.billed(every), abs=4 * np.std(drawn) / 400**0.5)


def test_practice_knows_what_the_best_plan_costs() -> None:
    facts = company.company(EXAMPLE)
    assert bill(facts, best_plan(facts)) == pytest.approx(EXAMPLE_BILL, rel=1e-3)


@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_todays_way_keeps_all_limits(seed: int) -> None:
    facts = company.company(seed)
    assert not refused(facts, company.today(facts))
    assert problems(company.next_year(facts, 1.1, seed + 1), company.today(facts)) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_best_plan_keeps_its_limits_in_any_next_year_for_about_half_of_the_bill(seed: int) -> None:
    facts = company.company(seed)
    plan = best_plan(facts)
    assert not refused(facts, plan)
    for growth in np.linspace(1, 1.1, 5):
        year = company.next_year(facts, float(growth), seed + 7)
        assert not broken(year, plan, seed + 5)
        assert bill(year, plan) <= 0.5 * bill(year, company.today(facts))
    for worse in (plan | {"commitment": 0.0}, plan | {"website": company.today(facts)["website"]}):
        assert bill(facts, worse) > 1.05 * bill(facts, plan)
