"""No service claims to have done what it did not do: a create, a start and a put in each, and what a read shows afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml
from botocore.exceptions import ClientError

import course.localaws
from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused
from tests.localaws.server.honest_steps import DONE, RECORD, REFUSED, STEPS, Step

# Names of services.yaml -> botocore's. Of moto the steps name the services.
NAMES = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
ONLY_READS = {"moto", "pricing"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    handle = launch.start(tmp_path_factory.mktemp("honest") / "state")
    yield client_factory(handle)
    handle.stop()


def _answer(client: Any, step: Step) -> str:
    try:
        answer = getattr(client, step.call)(**step.parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return RECORD if answer["ResponseMetadata"]["HTTPHeaders"].get("x-local-aws") == "record" else DONE


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.service}-{step.call}")  # in this order: later steps need earlier ones
def test_an_answer_claims_what_a_read_shows(client: Callable[..., Any], step: Step) -> None:
    asked = client(step.service)
    assert _answer(asked, step) == step.answer
    if step.shows is None:
        assert refused(getattr(asked, step.read), **step.of)[0] == REFUSED
        return
    found = getattr(asked, step.read)(**step.of)
    assert {path: jmespath.search(path, found) for path in step.shows} == step.shows


def test_every_service_that_changes_something_is_asked() -> None:
    services = yaml.safe_load(Path(course.localaws.__file__).with_name("services.yaml").read_text())
    assert {NAMES.get(name, name) for name in services} - ONLY_READS <= {step.service for step in STEPS}
