"""The Price List through boto3: its products against the price table, its filters against plain Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.billing import prices
from course.localaws.billing.prices import PRICES
from course.localaws.pricing.attributes import PRICE_LIST
from course.localaws.sagemaker.core import instance_types
from tests.localaws.refusals import refused

SAGEMAKER, S3 = "AmazonSageMaker", "AmazonS3"
TABLE, WORDS = yaml.safe_load(PRICES.read_text()), yaml.safe_load(PRICE_LIST.read_text())
FIELDS = ("ServiceCode", "sku", "productFamily", "termType", "no such field")
OFFERED = {name: entry["offered"] for name, entry in WORDS["components"].items()}


@pytest.fixture(scope="module")
def pricing(client: Callable[..., Any]) -> Any:
    return client("pricing")


@pytest.fixture(scope="module")
def everything(pricing: Any) -> dict[str, list[dict]]:
    """Service code -> all its items."""
    codes = [each["ServiceCode"] for each in pricing.describe_services()["Services"]]
    return {code: items(pricing, ServiceCode=code) for code in codes}


def items(pricing: Any, **asked: Any) -> list[dict]:
    """The items of all pages, decoded."""
    pages = pricing.get_paginator("get_products").paginate(**asked)
    return [json.loads(text) for page in pages for text in page["PriceList"]]


def term(item: dict) -> dict:
    [found] = item["terms"]["OnDemand"].values()
    return found


def tiers(item: dict) -> list[tuple[str, str, Decimal]]:
    """Begin, end and price of each dimension, by begin."""
    found = [
        (each["beginRange"], each["endRange"], Decimal(each["pricePerUnit"]["USD"])) for each in term(item)["priceDimensions"].values()
    ]
    return sorted(found, key=lambda tier: Decimal(tier[0]))


def fields(item: dict) -> dict[str, str]:
    product = item["product"]
    found = product["attributes"] | {"ServiceCode": item["serviceCode"], "sku": product["sku"], "termType": "OnDemand"}
    return found | ({"productFamily": product["productFamily"]} if "productFamily" in product else {})


def expected(service: str) -> dict[tuple[str, str], tuple[str, list[list[float]]]]:
    """Usage type of the bill and region -> unit and tiers of each product of a service, read from the price table's file itself."""
    found = {}
    for entry in TABLE["services"][service]["prices"]:
        by_region = (
            TABLE["instances"][entry["price"]] if isinstance(entry["price"], str) else {r: {"": p} for r, p in entry["price"].items()}
        )
        for region, by_instance in by_region.items():
            for instance, price in by_instance.items():
                known = instance_types.known(instance) if instance else None
                if instance and (known is None or OFFERED[entry["component"]] not in known.offered):
                    continue
                usage = entry["usage"].replace("{instance}", instance)
                key = prices.billed_type(service, usage, region), region
                found[key] = entry["unit"], price if isinstance(price, list) else [[0, price]]
    return found


def test_each_price_of_the_table_is_a_product_and_no_other(everything):
    assert everything.keys() == TABLE["services"].keys()
    for service, found in everything.items():
        shown = {(fields(item)["usagetype"], fields(item).get("regionCode") or fields(item)["fromRegionCode"]): item for item in found}
        wanted = expected(service)
        assert len(shown) == len(found) and shown.keys() == wanted.keys(), service
        for key, (unit, ladder) in wanted.items():
            assert {each["unit"] for each in term(shown[key])["priceDimensions"].values()} == {unit}
            lows = [str(low) for low, _ in ladder]
            prices_of = [Decimal(str(price)) for _, price in ladder]
            assert tiers(shown[key]) == list(zip(lows, [*lows[1:], "Inf"], prices_of, strict=True)), key


def test_an_item_has_the_recorded_form(everything):
    day = TABLE["date"].isoformat()
    for service, sold in everything.items():
        for item in sold:
            sku = item["product"]["sku"]
            assert item.keys() == {"product", "serviceCode", "terms", "version", "publicationDate"} and item["serviceCode"] == service
            assert item["product"].keys() - {"productFamily"} == {"attributes", "sku"} and re.fullmatch(r"[A-Z0-9]{16}", sku)
            assert all(isinstance(value, str) for value in item["product"]["attributes"].values())
            assert (item["version"], item["publicationDate"]) == (day.replace("-", "") + "000000", f"{day}T00:00:00Z")
            assert item["terms"].keys() == {"OnDemand"} and item["terms"]["OnDemand"].keys() == {f"{sku}.JRTCKXETXF"}
            found = {name: value for name, value in term(item).items() if name != "priceDimensions"}
            first = f"{day[:7]}-01T00:00:00Z"
            assert found == {"sku": sku, "offerTermCode": "JRTCKXETXF", "effectiveDate": first, "termAttributes": {}}
            for code, dimension in term(item)["priceDimensions"].items():
                members = {"unit", "endRange", "description", "appliesTo", "rateCode", "beginRange", "pricePerUnit"}
                assert dimension.keys() == members and dimension["appliesTo"] == [] and dimension["rateCode"] == code
                assert re.fullmatch(rf"{sku}\.JRTCKXETXF\.[A-Z0-9]{{10}}", code)
                assert len(term(item)["priceDimensions"]) > 1 or code.endswith(".6YS6EN2CT7")
                assert dimension["pricePerUnit"].keys() == {"USD"} and re.fullmatch(r"\d+\.\d{10}", dimension["pricePerUnit"]["USD"])
                assert Decimal(dimension["description"].split()[0].lstrip("$")) >= Decimal(dimension["pricePerUnit"]["USD"])
    skus = [item["product"]["sku"] for sold in everything.values() for item in sold]
    assert len(set(skus)) == len(skus)


def test_an_instance_of_sagemaker_has_the_recorded_attributes(pricing):
    [item] = items(pricing, ServiceCode=SAGEMAKER, Filters=equal(usagetype="USE1-Train:ml.m5.large"))
    assert item["product"]["productFamily"] == "ML Instance"
    assert item["product"]["attributes"] == {
        "regionCode": "us-east-1", "location": "US East (N. Virginia)", "locationType": "AWS Region", "servicecode": SAGEMAKER,
        "servicename": "Amazon SageMaker", "component": "Training", "instanceName": "ml.m5.large", "instanceType": "ml.m5.large-Training",
        "platoinstancename": "m5", "platoinstancetype": "Training", "computeType": "Standard Instances", "vCpu": "2", "memory": "8 GiB",
        "gpu": "N/A", "gpuMemory": "N/A", "physicalGpu": "N/A", "networkPerformance": "Up to 10 Gigabit", "operation": "RunInstance",
        "usagetype": "USE1-Train:ml.m5.large",
    }  # fmt: skip
    [dimension] = term(item)["priceDimensions"].values()
    assert dimension["description"] == "$0.115 per Training ml.m5.large hour in US East (N. Virginia)"


@pytest.mark.parametrize(
    ("instance", "gpu", "memory", "name"),
    [
        ("ml.g4dn.12xlarge", "4", "64", "NVIDIA T4 GPU"),
        ("ml.p3.16xlarge", "8", "128", "NVIDIA Tesla V100 GPU"),
        ("ml.inf2.xlarge", "N/A", "N/A", "AWS Inferentia2"),
        ("ml.g7e.12xlarge", "2", "192", None),  # its name in the price list is not known
    ],
)
def test_the_accelerators_of_an_instance(pricing, instance, gpu, memory, name):
    [item] = items(pricing, ServiceCode=SAGEMAKER, Filters=equal(instanceType=f"{instance}-Hosting", regionCode="us-east-1"))
    found = item["product"]["attributes"]
    assert (found["gpu"], found["gpuMemory"], found.get("physicalGpu")) == (gpu, memory, name)


def test_storage_of_s3_is_an_item_as_aws_has_it(pricing):
    [item] = items(pricing, ServiceCode=S3, Filters=equal(usagetype="TimedStorage-ByteHrs"))
    assert item["product"]["productFamily"] == "Storage"
    assert item["product"]["attributes"] == {
        "availability": "99.99%", "durability": "99.999999999%", "location": "US East (N. Virginia)", "locationType": "AWS Region",
        "operation": "", "regionCode": "us-east-1", "servicecode": S3, "servicename": "Amazon Simple Storage Service",
        "storageClass": "General Purpose", "usagetype": "TimedStorage-ByteHrs", "volumeType": "Standard",
    }  # fmt: skip
    texts = {each["beginRange"]: each["description"] for each in term(item)["priceDimensions"].values()}
    assert texts == {
        "0": "$0.023 per GB - first 50 TB / month of storage used",
        "51200": "$0.022 per GB - next 450 TB / month of storage used",
        "512000": "$0.021 per GB - storage used / month over 500 TB",
    }


def equal(**wanted: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]


def plain(item: dict, filters: list[dict]) -> bool:
    """What the filters mean, written another way than the service does."""
    for each in filters:
        value, wanted = fields(item).get(each["Field"]), each["Value"]
        if value is None:
            return False
        among, kind = f",{value}," in f",{wanted},", each["Type"]
        fits = among if kind == "ANY_OF" else not among if kind == "NONE_OF" else value.find(wanted) >= 0 if kind == "CONTAINS" else None
        if not (fits if fits is not None else not (value > wanted or value < wanted)):
            return False
    return True


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_filters_find_what_plain_python_finds(pricing, everything, data):
    service = data.draw(st.sampled_from([SAGEMAKER, S3, "AmazonCloudWatch"]))
    found = everything[service]
    names = sorted({name for item in found for name in item["product"]["attributes"]} | set(FIELDS))

    def value(name: str) -> st.SearchStrategy[str]:
        known = sorted({fields(item)[name] for item in found if fields(item).get(name)} - {""})
        parts = (
            st.sampled_from(known).flatmap(lambda text: st.integers(1, len(text)).map(lambda size: text[-size:])) if known else st.nothing()
        )
        several = st.lists(st.sampled_from(known), min_size=2, max_size=3).map(",".join) if known else st.nothing()
        return st.one_of(st.sampled_from(known) if known else st.nothing(), parts, several, st.just("nowhere"))

    one = st.sampled_from(names).flatmap(
        lambda name: st.fixed_dictionaries(
            {
                "Type": st.sampled_from(["TERM_MATCH", "EQUALS", "CONTAINS", "ANY_OF", "NONE_OF"]),
                "Field": st.just(name),
                "Value": value(name),
            }
        )
    )
    filters = data.draw(st.lists(one, max_size=3))
    shown = [item["product"]["sku"] for item in items(pricing, ServiceCode=service, Filters=filters)]
    assert sorted(shown) == sorted(item["product"]["sku"] for item in found if plain(item, filters))


@pytest.mark.parametrize("size", [7, 100])
def test_pages_show_each_product_once_in_the_same_order(pricing, everything, size):
    filters = equal(component="Hosting")
    pages = list(
        pricing.get_paginator("get_products").paginate(ServiceCode=SAGEMAKER, Filters=filters, PaginationConfig={"PageSize": size})
    )
    shown = [json.loads(text)["product"]["sku"] for page in pages for text in page["PriceList"]]
    assert {len(page["PriceList"]) for page in pages[:-1]} == {size} and "NextToken" not in pages[-1]
    assert shown == [item["product"]["sku"] for item in everything[SAGEMAKER] if plain(item, filters)]


def test_each_attribute_has_the_values_that_its_products_have(pricing, everything):
    for service in pricing.describe_services()["Services"]:
        found = [fields(item) for item in everything[service["ServiceCode"]]]
        assert set(service["AttributeNames"]) == {name for each in found for name in each} - {"ServiceCode", "sku"}
        if service["ServiceCode"] in (SAGEMAKER, S3):
            for name in service["AttributeNames"]:
                pages = pricing.get_paginator("get_attribute_values").paginate(
                    ServiceCode=service["ServiceCode"], AttributeName=name, PaginationConfig={"PageSize": 200}
                )
                values = [each["Value"] for page in pages for each in page["AttributeValues"]]
                assert values == sorted({each[name] for each in found if name in each})


def test_services_come_in_pages_or_one_by_its_code(pricing):
    [one] = pricing.describe_services(ServiceCode=S3)["Services"]
    pages = list(pricing.get_paginator("describe_services").paginate(PaginationConfig={"PageSize": 4}))
    shown = [each for page in pages for each in page["Services"]]
    assert one in shown and len({each["ServiceCode"] for each in shown}) == len(shown) == len(TABLE["services"])
    assert {page["FormatVersion"] for page in pages} == {"aws_v1"}


@pytest.mark.parametrize(
    ("operation", "asked", "code"),
    [
        ("get_products", {"ServiceCode": "AmazonRDS"}, "NotFoundException"),
        ("describe_services", {"ServiceCode": "AmazonRDS"}, "NotFoundException"),
        ("get_attribute_values", {"ServiceCode": S3, "AttributeName": "vCpu"}, "NotFoundException"),
        ("get_products", {"ServiceCode": S3, "FormatVersion": "aws_v2"}, "InvalidParameterException"),
        ("get_products", {"ServiceCode": S3, "MaxResults": 101}, "InvalidParameterException"),
        ("get_products", {"ServiceCode": S3, "Filters": [{"Type": "LIKE", "Field": "a", "Value": "b"}]}, "InvalidParameterException"),
        ("get_products", {"ServiceCode": S3, "NextToken": "invented"}, "InvalidNextTokenException"),
        ("list_price_lists", {"ServiceCode": S3, "EffectiveDate": 0, "CurrencyCode": "USD"}, "NotSupportedByLocalAws"),
        (
            "get_price_list_file_url",
            {"PriceListArn": "arn:aws:pricing:::price-list/aws/AmazonS3/USD/20260728131000/us-east-1", "FileFormat": "json"},
            "NotSupportedByLocalAws",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(pricing, operation, asked, code):
    found, message = refused(getattr(pricing, operation), **asked)
    assert found == code and message


def test_a_token_belongs_to_its_own_question(pricing):
    token = pricing.get_products(ServiceCode=S3, MaxResults=1)["NextToken"]
    code, _ = refused(pricing.get_products, ServiceCode=S3, MaxResults=1, NextToken=token, Filters=equal(regionCode="us-east-1"))
    assert code == "InvalidNextTokenException"


def test_it_answers_where_aws_has_an_endpoint_and_nowhere_else(client):
    assert WORDS["endpoints"] == sorted(boto3.Session().get_available_regions("pricing"), key=WORDS["endpoints"].index)
    for region in WORDS["endpoints"]:
        assert client("pricing", region_name=region).describe_services(ServiceCode=S3)["Services"]
    code, message = refused(client("pricing", region_name="eu-west-1").describe_services)
    assert code == "EndpointConnectionError" and "eu-central-1" in message


def test_a_caller_needs_the_permission(client):
    iam, name = client("iam"), "price-reader"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    only = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "pricing:GetProducts", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="prices", PolicyDocument=json.dumps(only))
    reader = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1").client(
        "pricing", endpoint_url=client("sts").meta.endpoint_url, config=Config(retries={"total_max_attempts": 1})
    )
    assert reader.get_products(ServiceCode=S3)["PriceList"]
    with pytest.raises(ClientError, match=r"AccessDeniedException.*is not authorized to perform: pricing:DescribeServices"):
        reader.describe_services()


def test_the_words_of_the_price_list_cover_the_price_table():
    components = {entry["component"] for entry in TABLE["services"][SAGEMAKER]["prices"] if "component" in entry}
    assert WORDS["components"].keys() == components
    assert WORDS["locations"].keys() == TABLE["regions"].keys()
    usages = {(code, entry["usage"]) for code, service in TABLE["services"].items() for entry in service["prices"]}
    assert {(code, usage) for code, found in WORDS["products"].items() for usage in found} <= usages
