"""The price table, and the table of billed requests, as files."""

from __future__ import annotations

from datetime import date

import pytest

from course.localaws.billing import prices
from course.localaws.billing.prices import PRICES, billed_type, rate
from course.localaws.billing.request_metering import REQUESTS
from course.localaws.core.data_files import table

ENTRIES = [(code, entry) for code, service in table(PRICES)["services"].items() for entry in service["prices"]]


def test_the_table_says_of_which_date_and_from_where():
    assert table(PRICES)["date"] < table(PRICES)["review_by"] and isinstance(table(PRICES)["date"], date)
    assert prices.about()["source"]


@pytest.mark.parametrize(("code", "entry"), ENTRIES, ids=[f"{code}-{entry['usage']}" for code, entry in ENTRIES])
def test_every_entry_has_a_price_in_its_regions(code, entry):
    assert entry["unit"] and entry["text"]
    for region in table(PRICES)["regions"] if isinstance(entry["price"], str) else entry["price"]:
        for instance in table(PRICES)["instances"][entry["price"]][region] if isinstance(entry["price"], str) else [""]:
            found = rate(code, entry["usage"].replace("{instance}", instance), region)
            starts = [low for low, _ in found.tiers]
            assert starts[0] == 0 and starts == sorted(set(starts)) and all(price >= 0 for _, price in found.tiers)


def test_usage_types_are_written_as_in_bills():
    seen = {  # read in bills and price lists; see the table's head
        ("AmazonSageMaker", "Train:ml.m5.large", "us-east-1"): "USE1-Train:ml.m5.large",
        ("AmazonSageMaker", "Train:ml.m5.large", "eu-west-1"): "EU-Train:ml.m5.large",
        ("AmazonS3", "Requests-Tier1", "us-east-1"): "Requests-Tier1",
        ("AmazonS3", "Requests-Tier1", "eu-central-1"): "EUC1-Requests-Tier1",
        ("awskms", "KMS-Requests", "us-east-1"): "us-east-1-KMS-Requests",
        ("AmazonCloudWatch", "DataProcessing-Bytes", "us-east-1"): "USE1-DataProcessing-Bytes",
    }
    assert {what: billed_type(*what) for what in seen} == seen


def test_an_unknown_type_or_region_has_no_price():
    assert rate("AmazonSageMaker", "Train:ml.unheard.large", "us-east-1") is None
    assert rate("AmazonSageMaker", "Train:ml.m5.large", "sa-east-1") is None
    assert rate("AmazonSageMaker", "Unheard", "us-east-1") is None


def test_every_billed_request_has_a_price():
    kinds = [
        (found["service"], usage) for found in table(REQUESTS).values() for usage in (found.get("usage"), *found.get("others", ())) if usage
    ]
    assert [kind for kind in kinds if rate(*kind, "us-east-1") is None] == []
