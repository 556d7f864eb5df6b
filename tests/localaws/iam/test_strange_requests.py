"""Odd requests of every service except S3 and SageMaker, by callers that no policy allows anything.

There are AWS-shaped errors only, and no operation runs.
Each request is signed, so it reaches the checks of policies. The callers' policies have conditions, so condition keys are read, too.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.iam.service_authorization import reference
from course.localaws.protocol.model import service_model
from tests.localaws.iam.callers import allow, deny, document
from tests.localaws.iam.drawn_requests import QUIET
from tests.localaws.moto.restartable_aws import RestartableAws

REGION = "us-east-1"
UNASKED = {"AssumeRole", "GetCallerIdentity", "GetSessionToken"}
CONDITIONS = {
    "StringLike": {"aws:ResourceTag/team": "*", "aws:RequestTag/team": "${aws:username}"},
    "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
}
CALLERS = {
    "nobody": [allow("s3:ListAllMyBuckets", "arn:aws:s3:::none")],
    "conditional": [allow("*", "*", **CONDITIONS), deny()],
    "patterns": [
        allow("*:Get*", "arn:aws:*:*:*:${aws:PrincipalTag/team}/*"),
        deny("*", "*", StringNotLike={"aws:ResourceTag/x": "y"}),
        deny(),
    ],
}
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "*", "arn:", "arn:aws:sns:us-east-1:123456789012:late", "arn:aws:iam::123456789012:role/r", "${aws:username}"]),
    st.sampled_from(["../..", "a" * 3000, "{Name}", "\\1", "%00", "\x00", "é", "SELECT * FROM t", "https://sqs/1/2", "::::::", "/"]),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
HEADERS = {
    "json": "application/x-amz-json-1.1",
    "query": "application/x-www-form-urlencoded; charset=utf-8",
    "rest": "application/json",
    "smithy": "application/cbor",
}


@st.composite
def requests(draw) -> dict:
    """Service, method, path, query, headers and body."""
    signing, service = draw(st.sampled_from(sorted(reference.services().items())))
    model = service_model(draw(st.sampled_from(service.models)))
    operation = draw(st.sampled_from(sorted(model.operation_names)))
    params = _parameters(draw, model.operation_model(operation).input_shape)
    protocol = model.metadata["protocol"].replace("ec2", "query").partition("-")[0]
    request = {"service": signing, "method": "POST", "path": "/", "query": "", "headers": {"content-type": HEADERS[protocol]}, "body": b""}
    if protocol == "query":
        request["body"] = urlencode({"Action": operation, **_flat(params)}, errors="replace").encode()
    else:
        request["body"] = json.dumps(params).encode()
    if protocol == "json":
        request["headers"]["x-amz-target"] = f"{model.metadata['targetPrefix']}.{operation}"
    if protocol == "smithy":
        request["path"], request["headers"]["smithy-protocol"] = f"/service/{model.service_name}/operation/{operation}", "rpc-v2-cbor"
    if protocol == "rest":
        http = model.operation_model(operation).http
        filled = re.sub(r"\{\w+\+?\}", lambda _: draw(st.sampled_from(["a", "a%2Fb", "*", "%00", "arn:aws:x:::y"])), http["requestUri"])
        path, _, query = filled.partition("?")
        request |= {"method": http["method"], "path": path, "query": query}
    return _spoiled(draw, request)


def _parameters(draw, shape) -> dict:
    names = list(shape.members) if shape else []
    chosen = draw(st.lists(st.sampled_from(names), max_size=6, unique=True)) if names else []
    return {name: draw(VALUES) for name in chosen} | (draw(st.dictionaries(TEXTS, VALUES, max_size=2)) if draw(st.booleans()) else {})


def _flat(params: dict) -> dict[str, str]:
    found = {}
    for name, value in params.items():
        if isinstance(value, list):
            found |= {f"{name}.member.{number}": str(each) for number, each in enumerate(value, 1)}
        elif isinstance(value, dict):
            found |= {f"{name}.{key}": str(each) for key, each in value.items()}
        else:
            found[name] = str(value)
    return found


def _spoiled(draw, request: dict) -> dict:
    kind = draw(st.sampled_from(["", "", "", "", "body", "type", "twice", "service", "compressed"]))
    if kind == "body":
        request["body"] = draw(st.binary(max_size=50))
    elif kind == "type":
        request["headers"]["content-type"] = draw(
            st.sampled_from(["text/html", "multipart/form-data; boundary=x", "application/cbor", *HEADERS.values()])
        )
    elif kind == "twice":
        request["query"] = "Action=GetCallerIdentity&Version=2011-06-15"
    elif kind == "service":
        request["service"] = draw(st.sampled_from(["sns", "SNS", "nothing", "eventbridge", "s3", "execute-api"]))
    elif kind == "compressed":
        request["headers"]["content-encoding"] = "gzip"
    return request


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("strange") / "state")
    aws("sns").create_topic(Name="late")
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def keys(aws) -> dict[str, Credentials]:
    found = {}
    for name, statements in CALLERS.items():
        aws("iam").create_user(UserName=name, Tags=[{"Key": "team", "Value": "delays"}])
        aws("iam").put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key = aws("iam").create_access_key(UserName=name)["AccessKey"]
        found[name] = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    return found


@pytest.fixture(scope="module")
def pool():
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        yield pool


@settings(max_examples=300, **QUIET)
@given(request_=requests(), caller=st.sampled_from(sorted(CALLERS)))
def test_an_odd_request_is_refused_as_aws_would(aws, keys, pool, request_, caller):
    check(aws, keys[caller], pool, request_)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@settings(max_examples=20_000, **QUIET)
@given(request_=requests(), caller=st.sampled_from(sorted(CALLERS)))
def test_twenty_thousand_odd_requests_are_refused_as_aws_would(aws, keys, pool, request_, caller):
    check(aws, keys[caller], pool, request_)


@pytest.mark.parametrize("form", HEADERS)
def test_a_body_that_is_not_utf8_is_refused_by_every_service(aws, keys, pool, form):
    for service in sorted(reference.services()):
        headers = {"content-type": HEADERS[form]}
        check(
            aws, keys["nobody"], pool, {"service": service, "method": "POST", "path": "/", "query": "", "headers": headers, "body": b"\xfe"}
        )


def check(aws: RestartableAws, credentials: Credentials, pool: urllib3.PoolManager, request: dict) -> None:
    url = f"{aws.handle.endpoint}{request['path']}" + (f"?{request['query']}" if request["query"] else "")
    signed = AWSRequest(request["method"], url, headers=request["headers"], data=request["body"])
    SigV4Auth(credentials, request["service"], REGION).add_auth(signed)
    answer = pool.request(request["method"], url, body=request["body"], headers=dict(signed.headers.items()))
    text = answer.data.decode(errors="replace")
    assert "<html" not in text.lower() and "Traceback" not in text, (request, text)
    assert answer.status < 500, (request, answer.status, text)
    assert answer.status >= 400 or any(name in text or name in request["body"].decode("latin-1") for name in UNASKED), (request, text)
