"""The Price List behind the gateway: DescribeServices, GetAttributeValues and GetProducts. The price list files are refused.

Matches AWS (API reference): shapes, pages, filters, and the codes of errors. Differs from AWS: it has the services, regions and products of
the course's price table only, and only prices on demand. The texts of errors are ours. In a region without an endpoint boto3 cannot
connect on AWS; here the request is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.billing import prices
from course.localaws.context import Context, Operation
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.core.paging import ordered_page
from course.localaws.platform import Platform
from course.localaws.pricing.attributes import PRICE_LIST
from course.localaws.pricing.filters import matches
from course.localaws.pricing.products import Product, products
from course.localaws.protocol.service import Service, Stages, in_thread

FORMAT = "aws_v1"
MOST, MOST_VALUES = 100, 10_000  # in a page; we take the default to be the same
NOT_NAMED = ("ServiceCode", "sku")  # fields of filters that are no attributes


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``pricing``."""
    operations = {"DescribeServices": _services, "GetAttributeValues": _values, "GetProducts": _products}
    checked = {name: _checked(operation) for name, operation in operations.items()}
    return Service("pricing", platform, checked, invalid=_invalid, run=in_thread, stages=stages)


def _services(params: dict) -> dict:
    """DescribeServices."""
    codes = [params["ServiceCode"]] if "ServiceCode" in params else prices.names()
    found = [(code, {"ServiceCode": code, "AttributeNames": _names(_sold(code))}) for code in sorted(codes)]
    shown, token = ordered_page(found, params, MOST)
    return {"Services": shown, "FormatVersion": FORMAT, "NextToken": token}


def _values(params: dict) -> dict:
    """GetAttributeValues."""
    code, name = params["ServiceCode"], params["AttributeName"]
    sold = _sold(code)
    if name not in _names(sold):
        raise AwsError("NotFoundException", f"No product of {code} in the price table of the local AWS has the attribute {name}.")
    values = sorted({product.fields[name] for product in sold if name in product.fields})
    shown, token = ordered_page([(value, {"Value": value}) for value in values], params, MOST_VALUES)
    return {"AttributeValues": shown, "NextToken": token}


def _products(params: dict) -> dict:
    """GetProducts."""
    sold = [product for product in _sold(params["ServiceCode"]) if matches(product.fields, params.get("Filters", []))]
    shown, token = ordered_page([(product.sku, product) for product in sold], params, MOST)
    return {"FormatVersion": FORMAT, "PriceList": [product.text for product in shown], "NextToken": token}


def _checked(answer: Callable[[dict], dict]) -> Operation:
    def operation(context: Context, params: dict) -> dict:
        endpoints = table(PRICE_LIST)["endpoints"]
        if context.region not in endpoints:
            where = ", ".join(endpoints)
            raise AwsError("EndpointConnectionError", f"AWS has no endpoint of the Price List in {context.region}. It has some in {where}.")
        if params.get("FormatVersion", FORMAT) != FORMAT:
            raise _invalid(f"The only FormatVersion is {FORMAT}.")
        return answer(params)

    return operation


def _sold(code: str) -> tuple[Product, ...]:
    found = products(code)
    if not found:
        known = ", ".join(sorted(prices.names()))
        raise AwsError("NotFoundException", f"The price table of the local AWS has no service {code}. It has {known}.")
    return found


def _names(sold: tuple[Product, ...]) -> list[str]:
    """The names of the attributes that any of these products has."""
    return sorted({name for product in sold for name in product.fields} - set(NOT_NAMED))


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
