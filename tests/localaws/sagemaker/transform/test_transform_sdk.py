"""Transform jobs through the SageMaker Python SDK v3: its `Transformer`, which is v2's one, and its resource class."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.training.test_training_sdk import session  # noqa: F401 - session is a fixture
from tests.localaws.sagemaker.transform.transform_fixtures import CSV, SUM, model, outputs, request

pytestmark = pytest.mark.parametrize("aws", ["rewrite"], indirect=True)


@pytest.mark.nightly  # test_the_resource covers version 3 of the SDK by day
def test_a_transformer(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.transformer import Transformer

    uri = aws.put("sdk-transform/a.csv", "id-1,1,2\nid-2,3,4\n")
    name = model(aws, SUM)
    target = f"s3://{BUCKET}/transformed"
    transformer = Transformer(
        name,
        instance_count=1,
        instance_type="ml.m5.large",
        strategy="MultiRecord",
        assemble_with="Line",
        accept="text/csv",
        max_payload=1,
        max_concurrent_transforms=2,
        tags=[{"Key": "team", "Value": "delays"}],
        env={"GREETING": "hello"},
        output_path=f"{target}/{name}",
        sagemaker_session=session,
    )
    processing = {"input_filter": "$[1:]", "join_source": "Input", "output_filter": "$[0,-1]"}
    transformer.transform(uri, content_type="text/csv", split_type="Line", **processing, wait=True, logs=True)
    assert outputs(aws, name) == {"a.csv.out": "id-1,3\nid-2,7\n"}
    job = transformer.latest_transform_job
    job.refresh()
    assert (job.transform_job_status, job.max_payload_in_mb, job.environment) == ("Completed", 1, {"GREETING": "hello"})
    attached = Transformer.attach(job.transform_job_name, sagemaker_session=session)
    assert (attached.model_name, attached.strategy, attached.assemble_with, attached.output_path) == (
        name,
        "MultiRecord",
        "Line",
        f"{target}/{name}",
    )
    transformer.delete_model()
    assert name not in [each["ModelName"] for each in aws.sagemaker.list_models(NameContains=name)["Models"]]


@pytest.mark.nightly  # the SDK asks the same by day in the test above
def test_the_resource(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.resources import TransformJob
    from sagemaker.core.shapes import TransformDataSource, TransformInput, TransformOutput, TransformResources, TransformS3DataSource
    from sagemaker.core.utils.exceptions import FailedStatusError

    asked = request(aws, model(aws, SUM), aws.put("sdk-resource/a.csv", "1,two\n"), Input=CSV)
    job = TransformJob.create(
        transform_job_name=asked["TransformJobName"],
        model_name=asked["ModelName"],
        transform_input=TransformInput(
            data_source=TransformDataSource(
                s3_data_source=TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=f"s3://{BUCKET}/sdk-resource/a.csv")
            ),
            content_type="text/csv",
            split_type="Line",
        ),
        transform_output=TransformOutput(s3_output_path=asked["TransformOutput"]["S3OutputPath"]),
        transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
    )
    with pytest.raises(FailedStatusError, match="AlgorithmError: See job logs for more information"):
        job.wait(poll=1)
    assert asked["TransformJobName"] in [each.transform_job_name for each in TransformJob.get_all(name_contains=asked["TransformJobName"])]
