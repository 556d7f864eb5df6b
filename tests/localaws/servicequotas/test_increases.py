"""Any sequence of requests, times and restarts: SageMaker enforces exactly the applied values, and no quota has two open requests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.context import Context
from course.localaws.core.call import Principal
from course.localaws.core.clock import Clock
from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.service_quotas import SageMakerQuotas
from course.localaws.servicequotas.catalogue import Catalogue
from course.localaws.servicequotas.increases import Increases
from course.localaws.servicequotas.quotas import ServiceQuotas

ACCOUNT = "123456789012"
REGIONS = ("us-east-1", "eu-west-1")
G5, M5, TOTAL, SECONDS, FIXED = "L-B6D80D9C", "L-611FA074", "L-00C91CB5", "L-33A961FD", "L-9D782CC7"
CODES = (G5, M5, TOTAL, SECONDS, FIXED)
TYPES = {G5: "ml.g5.xlarge", M5: "ml.m5.large"}


class FrozenClock(Clock):
    """A clock that only moves when it is advanced."""

    def now(self) -> float:
        return self.offset


@dataclass
class Asked:
    """What the test expects of a request."""

    desired: float
    decided: float
    outcome: str


@dataclass
class Account:
    """Service Quotas and SageMaker's checks, with the values that the test expects."""

    path: Path
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(1.8e9))
    requests: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.platform = SimpleNamespace(account=ACCOUNT, clock=self.clock)
        self.open()

    def open(self) -> None:
        self.platform.service_quotas = ServiceQuotas(self.path, self.clock)
        self.platform.service_quotas.add(SageMakerQuotas(None))
        self.operations = Increases(self.platform.service_quotas, Catalogue(self.platform.service_quotas)).operations()

    def restart(self) -> None:
        self.platform.service_quotas.shutdown()
        self.open()

    def context(self, region: str) -> Context:
        return Context(region, ACCOUNT, self.platform, Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u", "AKIA"))

    def applied(self, region: str, code: str) -> float:
        """The value that the requests so far lead to."""
        granted = [each.desired for each in self.requests.get((region, code), ()) if self.status(each) == "APPROVED"]
        return max([quotas.listed()[code].value, *granted])

    def status(self, asked: Asked) -> str:
        return asked.outcome if asked.decided <= self.clock.now() else "PENDING"

    def ask(self, region: str, code: str, desired: float, case: bool) -> None:
        given = {"ServiceCode": "sagemaker", "QuotaCode": code, "DesiredValue": desired, "SupportCaseAllowed": case}
        earlier, applied = self.requests.setdefault((region, code), []), self.applied(region, code)
        if any(self.status(each) in ("PENDING", "CASE_OPENED") for each in earlier) and desired > applied and code != FIXED:
            expected = "ResourceAlreadyExistsException"
        else:
            expected = "" if desired > applied and code != FIXED else "IllegalArgumentException"
        try:
            made = self.operations["RequestServiceQuotaIncrease"](self.context(region), given)["RequestedQuota"]
        except AwsError as error:
            assert error.code == expected
            return
        assert not expected and made["Status"] == "PENDING"
        small = desired <= (4 * applied or 1)
        outcome = "APPROVED" if small else "CASE_OPENED" if case else "NOT_APPROVED"
        earlier.append(Asked(desired, self.clock.now() + (3600 if small else 49), outcome))

    def check(self) -> None:
        for region in REGIONS:
            context = self.context(region)
            for code in CODES:
                applied, quota = self.applied(region, code), quotas.listed()[code]
                assert applied >= quota.value and self.platform.service_quotas.value(region, "sagemaker", quota) == applied
                history = self.operations["ListRequestedServiceQuotaChangeHistoryByQuota"]
                found = history(context, {"ServiceCode": "sagemaker", "QuotaCode": code})["RequestedQuotas"]
                assert [each["Status"] for each in found].count("PENDING") + [each["Status"] for each in found].count("CASE_OPENED") <= 1
                self._enforced(context, code, applied)

    def _enforced(self, context: Context, code: str, applied: float) -> None:
        """SageMaker allows what is within the applied value, and nothing more."""
        if code not in TYPES:
            name = quotas.listed()[code].name
            quotas.check(context, name, math.floor(applied))
            with pytest.raises(AwsError, match="ResourceLimitExceeded"):
                quotas.check(context, name, math.floor(applied) + 1)
            return
        total = self.applied(context.region, TOTAL)
        if most := math.floor(min(applied, total)):
            quotas.check_instances(context, "training job usage", [(TYPES[code], most)], [])
        with pytest.raises(AwsError) as refused:
            quotas.check_instances(context, "training job usage", [(TYPES[code], 1)], [(TYPES[code], most)])
        name, shown = (quotas.listed()[code].name, applied) if most + 1 > applied else (quotas.listed()[TOTAL].name, total)
        assert f"'{name}' is {int(shown) if shown == int(shown) else shown} Instances, with" in refused.value.message


@contextmanager
def account() -> Iterator[Account]:
    with TemporaryDirectory() as folder:
        made = Account(Path(folder) / "quotas.db")
        yield made
        made.platform.service_quotas.shutdown()


ASKED = st.tuples(
    st.sampled_from(REGIONS),
    st.sampled_from(CODES),
    st.one_of(st.sampled_from([0.0, 1.0, 4.0, 5.0, 16.0, 17.0, 432_001.0, 1_728_001.0]), st.floats(0, 300)),
    st.booleans(),
)
STEPS = st.lists(st.one_of(ASKED, st.sampled_from([1.0, 48.0, 49.0, 3599.0, 3600.0]), st.just("restart")), max_size=25)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_sagemaker_enforces_exactly_what_was_granted(steps):
    with account() as made:
        for step in steps:
            if step == "restart":
                made.restart()
            elif isinstance(step, float):
                made.clock.advance(step)
            else:
                made.ask(*step)
            made.check()


def test_requests_at_the_same_time(tmp_path):
    """Of many requests for one quota, one is stored."""
    from concurrent.futures import ThreadPoolExecutor

    made = Account(tmp_path / "quotas.db")
    store = made.platform.service_quotas.store
    request = made.operations["RequestServiceQuotaIncrease"](
        made.context("us-east-1"), {"ServiceCode": "sagemaker", "QuotaCode": TOTAL, "DesiredValue": 5.0}
    )["RequestedQuota"]
    template = replace(store.request("us-east-1", request["Id"]), code=M5)
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda number: store.add(replace(template, id=f"{number:040}")), range(32)))
    assert stored.count(True) == 1
    made.platform.service_quotas.shutdown()
