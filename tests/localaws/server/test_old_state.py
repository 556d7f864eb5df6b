"""A state folder that an earlier release left behind still opens, and nothing in it is lost.

`state-2026-11-27.tar.gz` was made with the code of commit 40f00d2, the last before the packages of the local AWS got AWS's names: one
resource of each kind that the tests below look for, made by boto3, and `facts.json` with what AWS's calls answered then. Do not make
it again: it represents the state folders that learners have.
"""

from __future__ import annotations

import json

import boto3
import pytest

from course.localaws.server import launch
from tests.leaked_processes import wait_for
from tests.localaws.moto import earlier_release

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/live/variant/all",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
# What Encrypt of the earlier release made of b"of 2026-11-27" with the key of the archive.
OLD_CIPHERTEXT = (
    "63303636373236642d333630322d346431352d626632302d62656665643063363531356480"
    "2969ba8b011010ea6d970b253a9706b2fdd6f65ee50e6c5cf149716f1d71caa3eec22df9646c648e"
)


class OldAws:
    """The old state, opened by today's code: its facts, and a client of each service."""

    def __init__(self, handle: launch.Handle, facts: dict) -> None:
        self.handle, self.facts = handle, facts
        variables = handle.environment()
        self._session = boto3.Session(
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables.get("AWS_SESSION_TOKEN"), variables["AWS_REGION"]
        )

    def client(self, service: str, session: boto3.Session | None = None):
        return (session or self._session).client(service, endpoint_url=self.handle.endpoint)

    def as_ada(self, service: str):
        """A client that signs with the access key of the IAM user that the old release made."""
        return self.client(service, boto3.Session(self.facts["key"], self.facts["secret"], region_name="us-east-1"))


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old-state")
    handle = launch.start(earlier_release.unpack(folder))
    try:
        yield OldAws(handle, json.loads((folder / "facts.json").read_text()))
    finally:
        handle.stop()


def test_objects_and_their_versions_are_there(old):
    s3 = old.client("s3")
    assert s3.get_object(Bucket="kept", Key="note.txt")["Body"].read() == b"second"
    versions = s3.list_object_versions(Bucket="kept", Prefix="note.txt")["Versions"]
    bodies = [s3.get_object(Bucket="kept", Key="note.txt", VersionId=each["VersionId"])["Body"].read() for each in versions]
    assert bodies == [b"second", b"first"]
    assert s3.head_object(Bucket="kept", Key="note.txt")["Metadata"] == {"who": "learner"}
    [part] = s3.list_parts(Bucket="kept", Key="large.bin", UploadId=old.facts["upload"])["Parts"]
    assert part["Size"] == 1000


def test_jobs_packages_and_experiments_are_described(old):
    sagemaker = old.client("sagemaker")
    job = sagemaker.describe_training_job(TrainingJobName="trained")
    assert (job["TrainingJobStatus"], job["ModelArtifacts"]["S3ModelArtifacts"]) == ("Completed", old.facts["artifact"])
    assert sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]
    [package] = sagemaker.list_model_packages(ModelPackageGroupName="group")["ModelPackageSummaryList"]
    assert package["ModelApprovalStatus"] == "Approved"
    assert sagemaker.describe_experiment(ExperimentName="experiment")["ExperimentName"] == "experiment"


def test_an_endpoint_comes_back_and_answers_as_before(old):
    sagemaker = old.client("sagemaker")
    wait_for(lambda: sagemaker.describe_endpoint(EndpointName="live")["EndpointStatus"] == "InService", "the endpoint is in service")
    answer = old.client("sagemaker-runtime").invoke_endpoint(EndpointName="live", ContentType="text/csv", Body=b"2")
    assert answer["Body"].read().decode() == old.facts["answer"]


def test_scaling_policies_and_targets_are_there(old):
    scaling = old.client("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    [policy] = scaling.describe_scaling_policies(**TARGET)["ScalingPolicies"]
    names = {alarm["AlarmName"] for alarm in policy["Alarms"]}
    assert names <= {alarm["AlarmName"] for alarm in old.client("cloudwatch").describe_alarms()["MetricAlarms"]}


def test_metrics_alarms_and_logs_are_there(old):
    cloudwatch, logs = old.client("cloudwatch"), old.client("logs")
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="Mine")["Metrics"]] == ["m"]
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
    assert alarm["Threshold"] == 1.0
    events = logs.get_log_events(logGroupName="/mine", logStreamName="s")["events"]
    assert [event["message"] for event in events] == ["hello"]
    streams = logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]
    assert any(stream["logStreamName"].startswith("trained/") for stream in streams)


def test_queries_and_the_catalog_are_there(old):
    athena = old.client("athena")
    rows = athena.get_query_results(QueryExecutionId=old.facts["query"])["ResultSet"]["Rows"]
    assert rows[1]["Data"][0]["VarCharValue"] == "80"
    assert old.client("glue").get_table(DatabaseName="lake", Name="train")["Table"]["Name"] == "train"


def test_what_moto_keeps_is_replayed_with_the_same_names(old):
    assert old.client("sns").list_topics()["Topics"] == [{"TopicArn": old.facts["topic"]}]
    assert old.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"] == "v"


def test_a_key_still_decrypts_what_the_earlier_release_encrypted(old):
    kms = old.client("kms")
    blob = bytes.fromhex(OLD_CIPHERTEXT)
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={"of": "old"})["Plaintext"] == b"of 2026-11-27"
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext={"of": "new"})
    assert kms.describe_key(KeyId=old.facts["kms"])["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_user_keeps_its_access_key_and_its_rights(old):
    assert old.as_ada("sts").get_caller_identity()["Arn"].endswith("user/ada")
    sagemaker = old.as_ada("sagemaker")
    assert sagemaker.describe_training_job(TrainingJobName="trained")["TrainingJobName"] == "trained"
    with pytest.raises(sagemaker.exceptions.ClientError, match="not authorized to perform: sagemaker:StopTrainingJob"):
        sagemaker.stop_training_job(TrainingJobName="trained")


def test_the_event_history_goes_on(old):
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateEndpoint"}]
    [event] = old.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    assert (event["EventSource"], event["ReadOnly"]) == ("sagemaker.amazonaws.com", "false")


@pytest.mark.parametrize(("number", "said"), [(0, "built before\n"), (1, None)])
def test_an_image_built_before_still_trains(old, number, said):
    sagemaker, name = old.client("sagemaker"), f"again-{number}"
    entry = {} if said else {"ContainerEntrypoint": ["/bin/sh", "-c", "echo $GREETING > /opt/ml/model/said.txt"]}
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn="arn:aws:iam::123456789012:role/SageMakerRole",
        AlgorithmSpecification={"TrainingInputMode": "File", "TrainingImage": old.facts["images"][number]} | entry,
        OutputDataConfig={"S3OutputPath": "s3://kept/out", "CompressionType": "NONE"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    wait_for(lambda: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] != "InProgress", "the job has ended")
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    body = old.client("s3").get_object(Bucket="kept", Key=f"out/{name}/output/model/said.txt")["Body"].read().decode()
    assert body == (said or "hello\n")


def test_the_clock_is_as_far_ahead_as_it_was(old):
    assert float((old.handle.state / "clock").read_text()) == 120.0
    assert old.handle.state.stat().st_mode & 0o777 == 0o700


def test_the_role_gets_the_policies_that_a_later_release_added(old: OldAws) -> None:
    assert "OfflineStores" in old.client("iam").list_role_policies(RoleName="SageMakerRole")["PolicyNames"]
