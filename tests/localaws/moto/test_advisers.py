"""Compute Optimizer and Trusted Advisor advise from years of AWS's measurements: every operation of both is refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests.localaws.refusals import refused
from tests.localaws.sample_requests import minimal

ADVISERS = {
    "compute-optimizer": "",
    "trustedadvisor": "",
    "support": "TrustedAdvisor",
}  # service -> what the names of its operations contain


@pytest.mark.parametrize("service", ADVISERS)
def test_every_operation_is_refused(client: Callable[..., Any], service: str) -> None:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    names = [name for name in model.operation_names if ADVISERS[service] in name]
    assert len(names) >= 5
    adviser = client(service)
    for name in names:
        code, message = refused(getattr(adviser, xform_name(name)), **minimal(model.operation_model(name).input_shape))
        assert (code, message[: len(service) + len(name) + 1]) == ("NotSupportedByLocalAws", f"{service}:{name}")
