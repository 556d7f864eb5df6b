"""botocore's files are read once for all sessions of the local AWS, and say the same as in botocore's own loader."""

from __future__ import annotations

import json

import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from course.localaws.protocol import model_files


@pytest.fixture
def shared(monkeypatch):
    monkeypatch.setattr(botocore.session, "create_loader", botocore.session.create_loader)  # restored at the end
    model_files.share()


@pytest.mark.parametrize("service", ["sagemaker", "sqs", "ec2", "cloudwatch"])
def test_a_model_is_botocores(service):
    expected = Loader().load_service_model(service, "service-2")
    assert json.dumps(model_files.LOADER.load_service_model(service, "service-2")) == json.dumps(expected)


def test_a_service_that_botocore_does_not_know():
    with pytest.raises(UnknownServiceError, match="no-such-service"):
        model_files.LOADER.load_service_model("no-such-service", "service-2")


def test_sessions_have_one_copy(shared):
    models = [botocore.session.Session().get_service_model("sns").metadata for _ in range(2)]
    assert models[0] is models[1] is model_files.LOADER.load_service_model("sns", "service-2")["metadata"]


def test_a_session_with_a_folder_of_its_own_keeps_it(shared, tmp_path):
    session = botocore.session.Session()
    session.set_config_variable("data_path", str(tmp_path))
    loader = session.get_component("data_loader")
    assert loader is not model_files.LOADER and str(tmp_path) in loader.search_paths


def test_a_client_of_a_session_works(shared):
    client = botocore.session.Session().create_client("sts", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    assert "GetCallerIdentity" in client.meta.service_model.operation_names
