"""Every operation of the four models: generated parameters pass, and each single fault is reported in AWS's words."""

from __future__ import annotations

import copy
import re

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.protocol import conformity
from course.localaws.protocol.model import errors, may_be_empty, required
from course.localaws.protocol.service import validate
from tests.localaws.parameter_strategies import faults, model, operations, parameters, structures
from tests.localaws.protocol.botocore_messages import parse, serialised, understood

FEW = settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
# By day every fourth operation: the same code handles all, and the others have the same kinds of members.
EACH = [pytest.param(*each, marks=() if place % 4 == 0 else pytest.mark.nightly) for place, each in enumerate(operations())]
COUNT = re.compile(r"(\d+) validation errors? detected: ")


@pytest.mark.parametrize(("service", "operation"), EACH)
@FEW
@given(data=st.data())
def test_valid_parameters_pass_and_each_fault_is_named(service, operation, data):
    params = data.draw(parameters(service, operation))
    validate(model(service, operation), params)

    shape = model(service, operation).input_shape
    possible = list(faults(shape, params)) if shape else []
    if not possible:
        return
    fault = data.draw(st.sampled_from(possible))
    spoiled = copy.deepcopy(params)
    fault.spoil(spoiled)
    with pytest.raises(AwsError) as refused:
        validate(model(service, operation), spoiled)
    assert fault.says in refused.value.message
    assert refused.value.code == ("ValidationError" if "ValidationError" in errors(model(service, operation)) else "ValidationException")
    assert int(COUNT.match(refused.value.message)[1]) >= 1


@pytest.mark.parametrize(("service", "operation"), EACH)
@FEW
@given(data=st.data())
def test_what_boto3_sends_arrives(service, operation, data):
    params = data.draw(parameters(service, operation))
    needed = params.keys() & {*required(model(service, operation).input_shape)} if params else ()
    # An empty body and a missing one look the same on the wire.
    assert parse(service, operation, params) == {name: value for name, value in params.items() if value != b"" or name in needed}


@pytest.mark.parametrize(("service", "operation"), EACH)
@FEW
@given(data=st.data())
def test_what_is_answered_fits_the_model_and_boto3_reads_it(service, operation, data):
    shape = model(service, operation).output_shape
    if shape is None or any(member.serialization.get("eventstream") for member in shape.members.values()):
        return  # the operation itself creates the response of an event stream
    result = data.draw(structures(shape, 0))
    if "ContentType" in shape.members:
        result.setdefault("ContentType", "text/csv")  # a payload always has a media type
    conformity.check(model(service, operation), result)
    assert understood(service, operation, serialised(service, operation, result)) == without_empty(shape, result)


def without_empty(shape: Shape, value: dict) -> dict:
    """Returns a result as it is sent: without empty structures, except items, members of unions, and those that AWS shows empty."""
    kept = {name: _without_empty(shape.members[name], inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if inner or _stays(shape, name)}


def _stays(shape: Shape, name: str) -> bool:
    return shape.is_tagged_union or shape.members[name].type_name != "structure" or f"{shape.name}.{name}" in may_be_empty()


def _without_empty(shape: Shape, value: object) -> object:
    if shape.type_name == "structure":
        return without_empty(shape, value)
    if shape.type_name == "list":
        return [_without_empty(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _without_empty(shape.value, item) for key, item in value.items()}
    return value
