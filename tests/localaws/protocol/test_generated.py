"""Every operation of the four models: generated parameters pass, and each single fault in them is named in AWS's words."""

from __future__ import annotations

import copy
import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.protocol.model import Shape
from tests.localaws.parameter_strategies import contract, faults, operations, parameters, structures
from tests.localaws.protocol.botocore_messages import parse, understood

FEW = settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
COUNT = re.compile(r"(\d+) validation errors? detected: ")


@pytest.mark.parametrize(("service", "operation"), operations())
@FEW
@given(data=st.data())
def test_valid_parameters_pass_and_each_fault_is_named(service, operation, data):
    params = data.draw(parameters(service, operation))
    contract(service).validate(operation, params)

    shape = contract(service).model.input_of(operation)
    possible = list(faults(shape, params)) if shape else []
    if not possible:
        return
    fault = data.draw(st.sampled_from(possible))
    spoiled = copy.deepcopy(params)
    fault.spoil(spoiled)
    with pytest.raises(AwsError) as refused:
        contract(service).validate(operation, spoiled)
    assert fault.says in refused.value.message
    assert refused.value.code == ("ValidationError" if "ValidationError" in contract(service).errors(operation) else "ValidationException")
    assert int(COUNT.match(refused.value.message)[1]) >= 1


@pytest.mark.parametrize(("service", "operation"), operations())
@FEW
@given(data=st.data())
def test_what_boto3_sends_arrives(service, operation, data):
    params = data.draw(parameters(service, operation))
    required = params.keys() & contract(service).model.input_of(operation).required if params else ()
    # Nothing on the wire tells an empty body from none.
    assert parse(service, operation, params) == {name: value for name, value in params.items() if value != b"" or name in required}


@pytest.mark.parametrize(("service", "operation"), operations())
@FEW
@given(data=st.data())
def test_what_is_answered_fits_the_model_and_boto3_reads_it(service, operation, data):
    shape = contract(service).model.output_of(operation)
    if shape is None or any(member.shape.event_stream for member in shape.members.values()):
        return  # an event stream is answered by a response of the operation's own making
    result = data.draw(structures(shape, 0))
    if "ContentType" in shape.members:
        result.setdefault("ContentType", "text/csv")  # a payload always has a media type
    contract(service).check_result(operation, result)
    assert understood(service, operation, contract(service).serialise(operation, result)) == without_empty(shape, result)


def without_empty(shape: Shape, value: dict) -> dict:
    """The same result as it is sent: a structure with nothing in it is left out, unless it is an item or a union's one."""
    kept = {name: _without_empty(shape.members[name].shape, inner) for name, inner in value.items()}
    return {name: inner for name, inner in kept.items() if inner or shape.union or shape.members[name].shape.type != "structure"}


def _without_empty(shape: Shape, value: object) -> object:
    if shape.type == "structure":
        return without_empty(shape, value)
    if shape.type == "list":
        return [_without_empty(shape.element, item) for item in value]
    if shape.type == "map":
        return {key: _without_empty(shape.value, item) for key, item in value.items()}
    return value
