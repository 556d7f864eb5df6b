"""The image in which functions of the SDK run by default."""

from __future__ import annotations

import pytest
from sagemaker.core import image_uris

from tests.localaws.sagemaker.job_fixtures import JobFixtures


@pytest.mark.parametrize("python", ["38", "310"])
def test_a_job_runs_in_the_base_python_image(aws: JobFixtures, python: str) -> None:
    uri = image_uris.get_base_python_image_uri("us-east-1", python)
    specification = {"ImageUri": uri, "ContainerEntrypoint": ["python3", "-c", "import sys; print('runs', *sys.argv[1:])"]}
    name = aws.process("", AppSpecification=specification | {"ContainerArguments": ["a"]})
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    assert aws.lines(name, "ProcessingJobs") == ["runs a"]
