"""The usage store, and the charges that follow from it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.billing import prices
from course.localaws.billing.charges import Charge, charges, daily, hourly, monthly
from course.localaws.billing.usage import HOUR, Interval, Item, UsageStore
from course.localaws.core.clock import Clock

HOST = Item("AmazonSageMaker", "Host:ml.m5.large", "RunInstance", "us-east-1", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/late")
DISK = Item("AmazonSageMaker", "Host:VolumeUsage.gp2", "CreateVolume-Gp2", "us-east-1", HOST.resource)
JUNE = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
DAY = 24 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(tmp_path / "usage.db", Clock())


def costs(found: list[Charge]) -> float:
    return sum(charge.cost or 0 for charge in found)


def test_an_endpoint_is_charged_by_instance_and_hour_until_it_ends(store):
    store.hold(HOST.resource, {HOST: 2}, JUNE)
    store.hold(HOST.resource, {HOST: 3}, JUNE + 10 * HOUR)
    store.hold(HOST.resource, {}, JUNE + 12 * HOUR)
    [charge] = charges(store, JUNE, JUNE + DAY, daily, JUNE + 3 * DAY)
    assert (charge.amount, charge.unit, charge.begin) == (26, "Hrs", JUNE)
    assert charge.cost == pytest.approx(26 * 0.115)


def test_what_lasts_is_charged_until_now(store):
    store.hold(HOST.resource, {HOST: 1}, JUNE)
    assert [charge.amount for charge in charges(store, JUNE, JUNE + 9 * DAY, daily, JUNE + 36 * HOUR)] == [24, 12]


def test_a_volume_is_charged_by_the_share_of_its_month(store):
    store.add([Interval(DISK, 30, JUNE, JUNE + DAY), Interval(DISK, 31, JUNE + 30 * DAY, JUNE + 31 * DAY)])
    june, july = charges(store, JUNE, JUNE + 40 * DAY, monthly, JUNE + 40 * DAY)
    assert (june.unit, june.amount, july.amount) == ("GB-Mo", pytest.approx(1), pytest.approx(1))  # of 30 days, and of 31


def test_a_spot_job_is_charged_for_its_billed_seconds(store):
    store.hold(HOST.resource, {HOST: 2}, JUNE)
    store.end(HOST.resource, JUNE, JUNE + HOUR, seconds=1080)
    [charge] = charges(store, JUNE, JUNE + DAY, daily, JUNE + DAY)
    assert charge.amount == pytest.approx(2 * 0.3)
    assert store.held() == {}


def test_tags_count_from_when_they_are_set(store):
    store.tagged(HOST.resource, {"team": "ops"}, JUNE + 6 * HOUR)
    store.tagged(HOST.resource, {}, JUNE + 8 * HOUR)
    store.add([Interval(HOST, 1, JUNE, JUNE + DAY)])
    found = {charge.tags: charge.amount for charge in charges(store, JUNE, JUNE + DAY, daily, JUNE + DAY)}
    assert found == {(): 22, (("team", "ops"),): 2}


def test_usage_without_a_price_has_no_cost(store):
    unknown = Item("AmazonSageMaker", "Host:ml.unheard.large", "RunInstance", "us-east-1", "arn")
    store.add([Interval(unknown, 1, JUNE, JUNE + HOUR)])
    [charge] = charges(store, JUNE, JUNE + DAY, daily, JUNE + DAY)
    assert charge.cost is None and charge.amount == 1


def test_an_amount_has_its_unit_where_the_price_is_not_known(store):
    item = Item("AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "sa-east-1", "arn:aws:s3:::lake")
    store.add([Interval(item, 30, JUNE, JUNE + DAY)])
    [charge] = charges(store, JUNE, JUNE + DAY, daily, JUNE + DAY)
    assert charge.cost is None and charge.amount == pytest.approx(1)  # gigabyte-months


def test_what_a_source_keeps_itself_is_usage_too(store):
    store.sources.append(lambda begin, end: iter([Interval(HOST, 1, JUNE, JUNE + HOUR)]))
    assert store.first() == JUNE
    assert [charge.amount for charge in charges(store, JUNE, JUNE + DAY, daily, JUNE + DAY)] == [1]


def test_counts_of_an_hour_are_added_up(store):
    item = Item("AmazonS3", "Requests-Tier1", "PutObject", "us-east-1", "arn:aws:s3:::lake")
    for minute in range(90):
        store.count(item, 2, JUNE + 60 * minute)
    assert [(count.hour, count.amount) for count in store.counts(JUNE, JUNE + DAY)] == [(JUNE, 120), (JUNE + HOUR, 60)]
    assert sum(charge.amount for charge in charges(store, JUNE, JUNE + DAY, hourly, JUNE + DAY)) == 180


def test_everything_is_there_after_a_restart(store, tmp_path):
    store.hold(HOST.resource, {HOST: 1}, JUNE)
    store.tagged(HOST.resource, {"team": "ops"}, JUNE)
    store.shutdown()
    again = UsageStore(tmp_path / "usage.db", Clock())
    assert again.held() == {HOST.resource: {HOST: 1}}
    again.hold(HOST.resource, {HOST: 1}, JUNE + HOUR)  # nothing has changed
    again.hold(HOST.resource, {}, JUNE + 2 * HOUR)
    [charge] = charges(again, JUNE, JUNE + DAY, daily, JUNE + DAY)
    assert (charge.amount, charge.tags) == (2, (("team", "ops"),))


def test_a_reset_forgets_everything(store):
    store.hold(HOST.resource, {HOST: 1}, JUNE)
    store.count(HOST, 1, JUNE)
    store.reset()
    assert store.first() is None and store.held() == {} and charges(store, 0, JUNE + DAY, monthly, JUNE + DAY) == []


HOURS = st.integers(0, 24 * 70 * 60).map(lambda minutes: JUNE + 60 * minutes)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(HOURS, HOURS, st.integers(1, 5)), max_size=12), HOURS, HOURS, st.sampled_from([hourly, daily, monthly]))
def test_the_spans_add_up_to_the_overlap_of_each_interval(store, intervals, first, last, step):
    begin, end = sorted((first, last))
    store.reset()
    store.add(Interval(HOST, quantity, min(one, two), max(one, two)) for one, two, quantity in intervals)
    found = charges(store, begin, end, step, JUNE + 100 * DAY)
    overlaps = [quantity * max(0, min(end, max(one, two)) - max(begin, min(one, two))) / HOUR for one, two, quantity in intervals]
    assert sum(charge.amount for charge in found) == pytest.approx(sum(overlaps), abs=1e-6)
    assert all(begin <= charge.begin < end for charge in found)


@given(
    st.lists(st.floats(0, 1e6), max_size=20),
    st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 1)), max_size=4, unique_by=lambda tier: tier[0]),
)
def test_a_price_with_tiers_is_the_sum_over_its_units(amounts, higher):
    tiers = ((0.0, 1.0), *((float(low), price) for low, price in sorted(higher)))
    rate, total, cost = prices.Rate("GB", tiers), 0.0, 0.0
    for amount in amounts:
        cost += rate.cost(total, amount)
        total += amount
    edges = [low for low, _ in tiers[1:]] + [float("inf")]
    expected = sum(price * max(0.0, min(total, edge) - low) for (low, price), edge in zip(tiers, edges, strict=True))
    assert cost == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_tiers_count_the_whole_month_and_all_resources(store):
    for number in range(3):
        item = Item("AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "us-east-1", f"arn:aws:s3:::lake-{number}")
        store.add([Interval(item, 30_000, JUNE, JUNE + 30 * DAY)])
    rate = prices.rate("AmazonS3", "TimedStorage-ByteHrs", "us-east-1")
    assert costs(charges(store, JUNE, JUNE + 30 * DAY, monthly, JUNE + 40 * DAY)) == pytest.approx(rate.cost(0, 90_000))
    last_day = costs(charges(store, JUNE + 29 * DAY, JUNE + 30 * DAY, daily, JUNE + 40 * DAY))
    assert last_day == pytest.approx(3_000 * rate.tiers[1][1])  # the first 51,200 GB are used up


def test_a_year_with_ten_thousand_jobs_adds_up(store):
    for number in range(10_000):
        began = JUNE + number * 365 * DAY / 10_000
        store.add([Interval(Item(HOST.service, "Train:ml.m5.large", "RunInstance", "us-east-1", f"job-{number}"), 1, began, began + 600)])
    found = charges(store, JUNE, JUNE + 365 * DAY, monthly, JUNE + 400 * DAY)
    assert sum(charge.amount for charge in found) == pytest.approx(10_000 / 6, rel=1e-3)
