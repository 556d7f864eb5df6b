"""Cost Explorer through boto3, on usage that is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.ce.costs import amount
from tests.localaws.moto.restartable_aws import RestartableAws

HOUR, DAY = 3600.0, 86_400.0
COST = {"Metrics": ["UnblendedCost"]}
BOUNDS = ("PredictionIntervalLowerBound", "MeanValue", "PredictionIntervalUpperBound")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    """A local AWS in the middle of a month, with two keys that have existed for ten days, one of them tagged."""
    aws = RestartableAws(tmp_path_factory.mktemp("ce") / "state")
    now = datetime.fromtimestamp(aws.handle.advance(0), UTC)
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=5, hour=0, minute=0, second=0, microsecond=0)
    aws.handle.advance(first.timestamp() - aws.handle.advance(0))
    aws("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "ops"}])
    aws("kms").create_key()
    aws("s3").create_bucket(Bucket="some-lake")
    time.sleep(1)
    aws.handle.advance(10 * DAY)
    yield aws
    aws.stop()


def days(aws: RestartableAws, back: int, ahead: int = 1) -> dict[str, str]:
    """A ``TimePeriod`` around today."""
    today = datetime.fromtimestamp(aws.handle.advance(0), UTC)
    return {"Start": f"{today - timedelta(days=back):%Y-%m-%d}", "End": f"{today + timedelta(days=ahead):%Y-%m-%d}"}


def costs(aws: RestartableAws, **more: Any) -> list[dict]:
    asked = {"TimePeriod": days(aws, 14), "Granularity": "MONTHLY"} | COST | more
    return aws("ce").get_cost_and_usage(**asked)["ResultsByTime"]


def keys(found: list[dict]) -> dict[tuple[str, ...], float]:
    """Keys of the groups -> their costs, of the whole time."""
    total: dict[tuple[str, ...], float] = {}
    for span in found:
        for group in span["Groups"]:
            key = tuple(group["Keys"])
            total[key] = total.get(key, 0.0) + float(group["Metrics"]["UnblendedCost"]["Amount"])
    return total


def month_days(aws: RestartableAws) -> int:
    today = datetime.fromtimestamp(aws.handle.advance(0), UTC)
    return ((today.replace(day=1) + timedelta(days=32)).replace(day=1) - today.replace(day=1)).days


def test_a_total_has_amounts_as_text_and_no_groups(aws):
    [month] = costs(
        aws, Metrics=["UnblendedCost", "UsageQuantity"], Filter={"Dimensions": {"Key": "USAGE_TYPE", "Values": ["us-east-1-KMS-Keys"]}}
    )
    assert month["Groups"] == [] and month["Estimated"] is True
    assert month["Total"]["UnblendedCost"]["Unit"] == "USD" and month["Total"]["UsageQuantity"]["Unit"] == "Mo"
    assert float(month["Total"]["UnblendedCost"]["Amount"]) == pytest.approx(2 * 10 / month_days(aws), rel=1e-3)


def test_days_without_usage_are_there_with_zero(aws):
    found = costs(aws, TimePeriod=days(aws, 14, -11), Granularity="DAILY")
    assert [each["Total"]["UnblendedCost"] for each in found] == [{"Amount": "0", "Unit": "USD"}] * 3


def test_groups_have_keys_in_the_order_of_the_request_and_no_total(aws):
    by = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "USAGE_TYPE")]
    answer = aws("ce").get_cost_and_usage(TimePeriod=days(aws, 14), Granularity="MONTHLY", GroupBy=by, **COST)
    assert answer["GroupDefinitions"] == by
    assert all(span["Total"] == {} for span in answer["ResultsByTime"])
    found = keys(answer["ResultsByTime"])
    assert found["AWS Key Management Service", "us-east-1-KMS-Keys"] == pytest.approx(20 / month_days(aws), rel=1e-3)
    assert ("Amazon Simple Storage Service", "Requests-Tier1") in found


def test_expressions_select_lines(aws):
    kms = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Key Management Service"]}}
    requests = {"Dimensions": {"Key": "OPERATION", "Values": ["CreateKey"]}}
    by = [{"Type": "DIMENSION", "Key": "OPERATION"}]
    assert keys(costs(aws, GroupBy=by, Filter={"And": [kms, {"Not": requests}]})).keys() == {("Unknown",)}
    assert ("CreateBucket",) in keys(costs(aws, GroupBy=by, Filter={"Or": [{"Not": kms}, requests]}))
    lower = {"Dimensions": {"Key": "SERVICE", "Values": ["aws key management service"], "MatchOptions": ["EQUALS"]}}
    assert keys(costs(aws, GroupBy=by, Filter=lower)) == {}


def test_a_tag_counts_from_when_it_is_activated(aws):
    by = [{"Type": "TAG", "Key": "team"}]
    assert keys(costs(aws, GroupBy=by)).keys() == {("team$",)}
    [tag] = aws("ce").list_cost_allocation_tags()["CostAllocationTags"]
    assert (tag["TagKey"], tag["Status"], tag["Type"]) == ("team", "Inactive", "UserDefined")
    assert aws("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "team", "Status": "Active"}])["Errors"] == []
    aws.handle.advance(5 * DAY)
    found = keys(costs(aws, TimePeriod=days(aws, 19), GroupBy=by))
    assert found["team$ops",] == pytest.approx(5 / month_days(aws), rel=1e-2)
    assert aws("ce").get_tags(TimePeriod=days(aws, 19))["Tags"] == ["team"]
    assert aws("ce").get_tags(TimePeriod=days(aws, 19), TagKey="team")["Tags"] == ["", "ops"]
    absent = {"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}
    assert keys(costs(aws, TimePeriod=days(aws, 19), GroupBy=by, Filter=absent)).keys() == {("team$",)}


def test_the_values_of_a_dimension(aws):
    found = aws("ce").get_dimension_values(TimePeriod=days(aws, 19), Dimension="SERVICE")
    names = [each["Value"] for each in found["DimensionValues"]]
    assert {"AWS Key Management Service", "Amazon Simple Storage Service"} <= set(names) and found["TotalSize"] == len(names)


WRONG: list[tuple[dict, str]] = [
    ({"TimePeriod": {"Start": "2026-12-02", "End": "2026-12-02"}}, "Start date (and hour) should be before end date (and hour)"),
    ({"TimePeriod": {"Start": "2026-12-02", "End": "2099-01-01"}}, "end date past the beginning of next month"),
    ({"TimePeriod": {"Start": "2020-01-01", "End": "2020-02-01"}}, "You haven't enabled historical data beyond 14 months"),
    ({"TimePeriod": {"Start": "2026-13-41", "End": "2026-12-02"}}, "Start time 2026-13-41 is invalid. Valid format is: yyyy-MM-dd."),
    ({"Granularity": "HOURLY"}, "Time period is invalid. Valid format is yyyy-MM-ddThh:mm:ssZ."),
    (
        {"GroupBy": [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "REGION", "OPERATION")]},
        "Only two values for GroupBy are allowed",
    ),
    ({"GroupBy": [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}]}, "Group Definition dimension is invalid. Valid values are AZ, "),
    ({"Filter": {"Dimensions": {"Key": "RESOURCE_ID", "Values": ["a"]}}}, "Group Definition dimension is invalid. Valid values are AZ, "),
]


def test_resources_are_groups_of_their_own_operation(aws):
    asked = {"TimePeriod": days(aws, 10), "Granularity": "DAILY", "GroupBy": [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}]}
    keys_of = {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["us-east-1-KMS-Keys"]}}
    found = keys(aws("ce").get_cost_and_usage_with_resources(**asked, **COST, Filter=keys_of)["ResultsByTime"])
    assert {arn for (arn,) in found} == {each["KeyArn"] for each in aws("kms").list_keys()["Keys"]}


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_request_gets_the_recorded_message(aws, wrong, message):
    with pytest.raises(ClientError) as caught:
        costs(aws, **wrong)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"][: len(message)]) == ("ValidationException", message)


def test_an_unknown_tag_cannot_be_activated(aws):
    with pytest.raises(ClientError, match="Failed to update Cost Allocation Tag: Tag keys not found: nobody"):
        aws("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "nobody", "Status": "Active"}])


def test_a_forecast_goes_on_with_the_average_day(aws):
    kms = {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["us-east-1-KMS-Keys"]}}
    asked = {"TimePeriod": days(aws, 0, 5), "Metric": "UNBLENDED_COST", "Filter": kms, "PredictionIntervalLevel": 80}
    found = aws("ce").get_cost_forecast(Granularity="DAILY", **asked)
    known = [
        float(each["Total"]["UnblendedCost"]["Amount"]) for each in costs(aws, TimePeriod=days(aws, 30, 0), Granularity="DAILY", Filter=kms)
    ]
    known = known[next(number for number, cost in enumerate(known) if cost) :]  # since the keys were made
    assert float(found["Total"]["Amount"]) == pytest.approx(5 * sum(known) / len(known), rel=0.02)
    bounds = [[float(each[name]) for name in BOUNDS] for each in found["ForecastResultsByTime"]]
    assert len(bounds) == 5 and all(low <= mean <= high for low, mean, high in bounds)
    for wrong, message in (
        ({"Start": "2026-01-01", "End": "2026-02-01"}, "Earliest supported Start is"),
        (days(aws, 0, 200), "Latest supported End is"),
    ):
        with pytest.raises(ClientError, match=message):
            aws("ce").get_cost_forecast(Granularity="DAILY", **(asked | {"TimePeriod": wrong}))


def test_a_forecast_needs_a_week_of_history(tmp_path):
    aws = RestartableAws(tmp_path / "state")
    try:
        aws("kms").create_key()
        with pytest.raises(ClientError, match="DataUnavailableException.*Insufficient amount of historical data"):
            aws("ce").get_cost_forecast(TimePeriod=days(aws, 0, 5), Granularity="DAILY", Metric="UNBLENDED_COST")
    finally:
        aws.stop()


def test_what_is_not_answered_is_refused_by_name(aws):
    with pytest.raises(ClientError) as caught:
        aws("ce").get_anomalies(DateInterval={"StartDate": days(aws, 9)["Start"]})
    assert caught.value.response["Error"]["Code"] == "NotSupportedByLocalAws"
    with pytest.raises(ClientError, match="NotSupportedByLocalAws"):
        aws("savingsplans").create_savings_plan(savingsPlanOfferingId="00000000-0000-0000-0000-000000000000", commitment="1.0")


def test_each_request_costs_a_cent(aws):
    service = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Cost Explorer"]}}
    [before] = costs(aws, TimePeriod=days(aws, 0), Filter=service)
    [after] = costs(aws, TimePeriod=days(aws, 0), Filter=service)
    spent = [float(each["Total"]["UnblendedCost"]["Amount"]) for each in (before, after)]
    assert spent[1] - spent[0] == pytest.approx(0.01)


@given(st.floats(0, 1e12))
def test_an_amount_is_the_number_to_ten_decimals(value):
    text = amount(value)
    assert float(text) == pytest.approx(value, rel=1e-12, abs=1e-10)
    assert "e" not in text and not text.endswith(".") and (text == "0" or not (("." in text) and text.endswith("0")))


def test_a_forecast_of_usage_needs_one_unit(aws):
    keys_only = {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["us-east-1-KMS-Keys"]}}
    asked = {"TimePeriod": days(aws, 0, 5), "Metric": "USAGE_QUANTITY", "Granularity": "DAILY"}
    found = aws("ce").get_usage_forecast(Filter=keys_only, **asked)
    assert found["Total"]["Unit"] == "Mo"
    assert float(found["Total"]["Amount"]) == pytest.approx(2 * 5 / month_days(aws), rel=1e-2)
    with pytest.raises(ClientError, match="UnresolvableUsageUnitException.*has the units Mo, Requests"):
        kms = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Key Management Service"]}}
        aws("ce").get_usage_forecast(Filter=kms, **asked)


@pytest.mark.parametrize(
    "operation",
    [
        "reservation_coverage",
        "reservation_utilization",
        "savings_plans_coverage",
        "savings_plans_utilization",
        "savings_plans_utilization_details",
    ],
)
def test_without_plans_and_reservations_there_are_no_data_of_them(aws, operation):
    call = getattr(aws("ce"), f"get_{operation}")
    with pytest.raises(ClientError, match="DataUnavailableException"):
        call(TimePeriod=days(aws, 5, 0))
    with pytest.raises(ClientError, match="end date should NOT be after"):
        call(TimePeriod=days(aws, 5, 2))
