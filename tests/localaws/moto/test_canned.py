"""The list of refused operations names only services and operations that AWS has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import botocore.loaders
import pytest
import yaml

from course.localaws.cloudwatch import service as metrics
from course.localaws.moto import canned

TABLE = yaml.safe_load(Path(canned.__file__).with_suffix(".yaml").read_text())
ENTRIES = [(kind, entry) for kind in ("refused", "records", "stateless") for entry in TABLE[kind]]


@pytest.fixture(scope="module")
def operations() -> dict[str, set[str]]:
    """Returns signing name -> the operations of all botocore services with that signing name. Reads only the listed ones, once."""
    loader, wanted, found = botocore.loaders.Loader(), {entry["service"] for _, entry in ENTRIES}, {}
    for service in loader.list_available_services("service-2"):
        for candidate in wanted:
            if service.startswith(candidate[:2]) or service in NAMES.get(candidate, ()):
                model = loader.load_service_model(service, "service-2")
                name = model["metadata"].get("signingName", model["metadata"]["endpointPrefix"])
                found.setdefault(name, set()).update(model["operations"])
                break
    return found


# Services whose botocore name does not begin with their signing name.
NAMES = {
    "monitoring": ("cloudwatch",),
    "states": ("stepfunctions",),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch",),
    "aoss": ("opensearchserverless",),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elb", "elbv2"),
}


@pytest.mark.parametrize(("kind", "entry"), ENTRIES, ids=lambda value: value if isinstance(value, str) else value["service"])
def test_every_entry_names_operations_that_exist(operations, kind, entry):
    for pattern in entry["operations"]:
        assert any(fnmatchcase(operation, pattern) for operation in operations[entry["service"]]), pattern


def test_every_refusal_has_a_reason_and_no_operation_is_both_refused_and_a_record_by_name():
    for entry in TABLE["refused"] + TABLE["refused_resource_types"] + TABLE["records"]:
        assert entry["reason"].strip()
    named = {(entry["service"], name) for entry in TABLE["records"] for name in entry["operations"] if "*" not in name}
    assert not named & {(entry["service"], name) for entry in TABLE["refused"] for name in entry["operations"]}


@pytest.mark.parametrize(("service", "operation"), [("cloudtrail", "LookupEvents"), *(("monitoring", name) for name in metrics.OPERATIONS)])
def test_operations_of_our_own_packages_are_not_marked_as_records(service, operation):
    assert not canned.is_record(service, operation)


def test_a_trail_is_no_record():
    assert not any(canned.is_record("cloudtrail", name) for name in ("CreateTrail", "StartLogging", "PutEventSelectors"))
