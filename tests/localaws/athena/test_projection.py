"""Partition projection: which partitions follow from a table's properties and the objects below its location."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.athena import projection
from course.localaws.athena.catalog import CatalogTable
from course.localaws.athena.failures import QueryFailure

NOW = datetime(2026, 11, 30, 12, 30, tzinfo=UTC).timestamp()


def table(keys: list[str], **properties: str) -> CatalogTable:
    """A table at ``s3://b/t`` with partition keys and properties of its projection, which are named with ``__`` for dots."""
    parameters = {"projection.enabled": "true"} | {name.replace("__", "."): value for name, value in properties.items()}
    storage = {"Location": "s3://b/t"}
    return CatalogTable(
        {
            "DatabaseName": "d",
            "Name": "t",
            "StorageDescriptor": storage,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "Parameters": parameters,
        }
    )


def found(given_table: CatalogTable, *keys: str) -> dict[tuple[str, ...], str]:
    return dict(projection.described(given_table, lambda uri: [key for key in keys if key.startswith(uri)], NOW).partitions)


def test_an_enum_and_an_integer_have_the_values_that_are_projected() -> None:
    projected = table(
        ["region", "hour"],
        projection__region__type="enum",
        projection__region__values="eu, us",
        projection__hour__type="integer",
        projection__hour__range="0,23",
        projection__hour__digits="2",
    )
    keys = [f"s3://b/t/region={region}/hour={hour}/f" for region in ("eu", "us", "ap") for hour in ("00", "7", "07", "24")]
    assert found(projected, *keys) == {
        (region, hour): f"s3://b/t/region={region}/hour={hour}/" for region in ("eu", "us") for hour in ("00", "07")
    }


def test_a_date_is_between_its_limits_and_now() -> None:
    projected = table(
        ["day"],
        projection__day__type="date",
        projection__day__format="yyyy/MM/dd",
        projection__day__range="2026/11/01,NOW",
        storage__location__template="s3://b/t/x/${day}",
    )
    days = ("2026/10/31", "2026/11/01", "2026/11/30", "2026/12/01", "2026/13/01")
    assert list(found(projected, *(f"s3://b/t/x/{day}/f" for day in days))) == [("2026/11/01",), ("2026/11/30",)]


@given(first=st.integers(0, 60), length=st.integers(0, 30), back=st.integers(0, 40))
def test_a_range_relative_to_now_has_each_of_its_days(first: int, length: int, back: int) -> None:
    projected = table(
        ["day"],
        projection__day__type="date",
        projection__day__format="yyyyMMdd",
        projection__day__range=f"NOW-{back}DAYS, NOW",
        storage__location__template="s3://b/t/${day}/",
    )
    today = date(2026, 11, 30)
    days = [today - timedelta(days=first + number) for number in range(length)]
    expected = {(f"{day:%Y%m%d}",) for day in days if today - timedelta(days=back) <= day <= today}
    assert set(found(projected, *(f"s3://b/t/{day:%Y%m%d}/f" for day in days))) == expected


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, "projection.k.type is missing"),
        ({"projection__k__type": "injected"}, "NOT_SUPPORTED"),
        ({"projection__k__type": "integer", "projection__k__range": "1"}, "two values"),
        ({"projection__k__type": "integer", "projection__k__range": "a,b"}, "no numbers"),
        ({"projection__k__type": "date", "projection__k__range": "2026,NOW"}, "format is missing"),
        ({"projection__k__type": "date", "projection__k__format": "EEE", "projection__k__range": "a,NOW"}, "NOT_SUPPORTED"),
        ({"projection__k__type": "date", "projection__k__format": "yyyy", "projection__k__range": "x,NOW"}, "does not have its format"),
        ({"projection__k__type": "enum", "projection__k__values": "a", "storage__location__template": "s3://b/t/"}, "has no"),
    ],
)
def test_properties_that_cannot_be_projected_fail_the_query(properties: dict[str, str], message: str) -> None:
    with pytest.raises(QueryFailure, match=message):
        found(table(["k"], **properties))
