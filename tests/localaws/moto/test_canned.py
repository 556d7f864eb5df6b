"""The list of refused operations names only services and operations that AWS has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import botocore.loaders
import pytest
import yaml

from course.localaws.moto import canned

TABLE = yaml.safe_load(Path(canned.__file__).with_suffix(".yaml").read_text())
ENTRIES = [(kind, entry) for kind in ("refused", "real", "stateless") for entry in TABLE[kind]]


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
    for pattern in entry["operations"] + entry.get("records", []):
        assert any(fnmatchcase(operation, pattern) for operation in operations[entry["service"]]), pattern


def test_every_refusal_and_every_exception_has_a_reason():
    for entry in TABLE["refused"] + TABLE["refused_resource_types"] + [entry for entry in TABLE["real"] if "records" in entry]:
        assert entry["reason"].strip()


def test_what_the_table_does_not_name_is_a_record():
    assert canned.is_record("guardduty", "CreateDetector") and canned.is_record("sns", "CreatePlatformEndpoint")
    assert not canned.is_record("sns", "Publish")
