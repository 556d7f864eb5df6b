"""The Lambda helper of the SageMaker SDK v3, with which programs make the functions of their pipelines."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.localaws.awslambda.programs import ROLE, package

pytestmark = pytest.mark.nightly


def test_the_sdks_helper_makes_changes_invokes_and_deletes_a_function(client, tmp_path, refused):
    from sagemaker.core.lambda_helper import Lambda

    client("s3").create_bucket(Bucket="helper")
    script, zipped = tmp_path / "first.py", tmp_path / "second.zip"
    script.write_text("def handler(event, context):\n    return 1\n")
    zipped.write_bytes(package("def handler(event, context):\n    return 2\n", "first.py"))
    session = SimpleNamespace(
        lambda_client=client("lambda"),
        s3_client=client("s3"),
        default_bucket=lambda: "helper",
        default_bucket_prefix=None,
        _get_account_id_if_default_bucket=lambda bucket: "123456789012",
    )
    settings = {"function_name": "by-helper", "execution_role_arn": ROLE, "handler": "first.handler", "session": session}
    arn = Lambda(script=str(script), **settings).upsert()["FunctionArn"]
    assert json.loads(Lambda(function_arn=arn, session=session).invoke()["Payload"].read()) == 1
    Lambda(zipped_code_dir=str(zipped), s3_bucket="helper", **settings).upsert()
    assert json.loads(Lambda(function_arn=arn, session=session).invoke()["Payload"].read()) == 2
    Lambda(function_arn=arn, session=session).delete()
    with refused("ResourceNotFoundException", 404):
        client("lambda").get_function(FunctionName=arn)
