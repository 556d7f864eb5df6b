"""The products of the Price List: one for each usage type and region with a price in the course's table.

SageMaker's components have the products of the instance types that they offer. Matches AWS (recorded answers): the form of an item, and the
codes of an on-demand term and of a price without tiers. Differs from AWS: an SKU, which on AWS says nothing, is made from service, usage
type and region, so it is not AWS's; so are the codes of tiers. Descriptions are AWS's for SageMaker's instances and for S3, else ours.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property

from course.localaws.billing import prices
from course.localaws.billing.prices import Rate
from course.localaws.core.data_files import table
from course.localaws.pricing.attributes import PRICE_LIST, attributes, family, location, special
from course.localaws.sagemaker.core import instance_types

ON_DEMAND, TERM, UNTIERED = "OnDemand", "JRTCKXETXF", "6YS6EN2CT7"


@dataclass(frozen=True)
class Product:
    """A product: what is sold in a region.

    Attributes
    ----------
    service : str
        ``"AmazonSageMaker"``.
    usage_type : str
        Without the region's prefix: ``"Host:ml.m5.large"``.
    region : str
    """

    service: str
    usage_type: str
    region: str

    @cached_property
    def sku(self) -> str:
        """16 letters and digits."""
        return _code(f"{self.service} {self.usage_type} {self.region}", 16)

    @cached_property
    def attributes(self) -> dict[str, str]:
        return attributes(self.service, self.usage_type, self.region)

    @cached_property
    def fields(self) -> dict[str, str]:
        """What a filter may ask for: the attributes, and a few members of the item."""
        of_item = {
            "productFamily": family(self.service, self.usage_type),
            "termType": ON_DEMAND,
            "sku": self.sku,
            "ServiceCode": self.service,
        }
        return self.attributes | {name: value for name, value in of_item.items() if value}

    @cached_property
    def text(self) -> str:
        """The item of a ``PriceList``, as JSON."""
        named = {"productFamily": self.fields["productFamily"]} if "productFamily" in self.fields else {}
        published = date.fromisoformat(prices.about()["date"])
        item = {
            "product": named | {"attributes": self.attributes, "sku": self.sku},
            "serviceCode": self.service,
            "terms": {ON_DEMAND: {f"{self.sku}.{TERM}": self._term(published)}},
            "version": f"{published:%Y%m%d}000000",
            "publicationDate": f"{published}T00:00:00Z",
        }
        return json.dumps(item, separators=(",", ":"))

    def _term(self, published: date) -> dict:
        rate = prices.rate(self.service, self.usage_type, self.region)
        return {
            "priceDimensions": {dimension["rateCode"]: dimension for dimension in self._dimensions(rate)},
            "sku": self.sku,
            "effectiveDate": f"{published:%Y-%m}-01T00:00:00Z",
            "offerTermCode": TERM,
            "termAttributes": {},
        }

    def _dimensions(self, rate: Rate) -> Iterator[dict]:
        ends = [*(_number(low) for low, _ in rate.tiers[1:]), "Inf"]
        for number, ((low, price), end) in enumerate(zip(rate.tiers, ends, strict=True)):
            code = UNTIERED if len(rate.tiers) == 1 else _code(f"tier {number} of {self.sku}", 10)
            yield {
                "unit": rate.unit,
                "endRange": end,
                "description": self._description(rate, number),
                "appliesTo": [],
                "rateCode": f"{self.sku}.{TERM}.{code}",
                "beginRange": _number(low),
                "pricePerUnit": {"USD": f"{price:.10f}"},
            }

    def _description(self, rate: Rate, tier: int) -> str:
        _, price = rate.tiers[tier]
        if instance := prices.instance(self.service, self.usage_type):
            component, name = instance
            words = table(PRICE_LIST)["components"][component].get("words", component)
            return f"${_number(price)} per {words} {name} hour in {location(self.region)}"
        spoken = special(self.service, self.usage_type).get("per", ())
        if len(spoken) == len(rate.tiers):
            amount, words = spoken[tier]
            return f"${_number(price, amount)} per {words}"
        return f"${_number(price)} for {prices.text(self.service, self.usage_type)}"


@cache
def products(service: str) -> tuple[Product, ...]:
    """The products of a service, by SKU; none if the table has no such service."""
    found = (Product(*priced) for priced in prices.priced() if priced[0] == service)
    return tuple(sorted((product for product in found if _is_sold(product)), key=lambda product: product.sku))


def _is_sold(product: Product) -> bool:
    """Whether the component in a usage type offers the instance type in it."""
    instance = prices.instance(product.service, product.usage_type)
    if instance is None:
        return True
    component, name = instance
    known = instance_types.known(name)
    return known is not None and table(PRICE_LIST)["components"][component]["offered"] in known.offered


def _code(text: str, length: int) -> str:
    return b32encode(hashlib.sha256(text.encode()).digest())[:length].decode()


def _number(value: float, times: int = 1) -> str:
    """A number without an exponent: ``"0.0000005"``, ``"51200"``."""
    return f"{(Decimal(repr(value)) * times).normalize():f}"
