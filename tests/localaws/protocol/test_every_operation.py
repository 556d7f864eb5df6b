"""Every operation of the four services, through the gateway: the smallest and the fullest request, and each kind of fault.

The operations behave as docs/local-aws.md describes.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Iterator

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from course.localaws.protocol.model import bound, errors, required, service_model
from course.localaws.server import conformance, launch
from tests.localaws import sample_requests
from tests.localaws.boto_clients import client_factory
from tests.localaws.parameter_strategies import SERVICES, faults, lower, model, operations

BUCKET = "contract"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
# Shape -> a value that this local AWS accepts, so that requests reach the operation itself.
KNOWN = {
    "RoleArn": ROLE,
    "S3Uri": f"s3://{BUCKET}/data",
    "ContainerImage": IMAGE,
    "AlgorithmImage": IMAGE,
    "ImageUri": IMAGE,
    "TrainingInstanceType": "ml.m5.large",
    "ProcessingInstanceType": "ml.m5.large",
    "ProductionVariantInstanceType": "ml.m5.large",
    "NextToken": None,  # only a response contains one
    "PaginationToken": None,
    "ArnOrName": "a-a",
    "FeatureGroupNameOrArn": "a-a",
    "PipelineNameOrArn": "a-a",
    "PipelineArn": "arn:aws:sagemaker:us-east-1:123456789012:pipeline/a-a",
    "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/aaa",
}
# Creation first, deletion last, so that the samples' resources exist in between.
ORDER = ("Create", "Add", "Batch", "Associate", "Put", "", "Update", "Stop", "Disassociate", "Delete")
# Errors that every operation may return: https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
COMMON = {"ValidationException", "AccessDeniedException", "ResourceLimitExceeded", "NotSupportedByLocalAws"}
KINDS = ("Member must not be null", "Member must have length less than", "Member must satisfy regular expression pattern")
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
DEFINITION = json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "stopped"}}]})
JOB = {"RoleArn": ROLE, "StoppingCondition": {"MaxRuntimeInSeconds": 1800}}
RECORD = [{"FeatureName": "a-a", "ValueAsString": "a"}, {"FeatureName": "t", "ValueAsString": "1"}]
# Resources that exist from the beginning, with the samples' names. The smallest requests that the model allows cannot create them.
THERE = {
    "CreateModel": {"ModelName": "aaa", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}},
    "CreateEndpointConfig": {
        "EndpointConfigName": "a-a",
        "ProductionVariants": [{"VariantName": "a-a", "ModelName": "aaa", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
    },
    "CreateFeatureGroup": {
        "FeatureGroupName": "a-a",
        "RecordIdentifierFeatureName": "a-a",
        "EventTimeFeatureName": "t",
        "FeatureDefinitions": [{"FeatureName": "a-a", "FeatureType": "String"}, {"FeatureName": "t", "FeatureType": "Fractional"}],
        "OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "Standard_V2"},
    },
    "CreateTrainingJob": {
        "TrainingJobName": "a-a",
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File", "ContainerEntrypoint": ["/bin/sleep", "600"]},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "ResourceConfig": CLUSTER,
        **JOB,
    },
    "CreateProcessingJob": {
        "ProcessingJobName": "a-a",
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["/bin/sleep", "600"]},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        **JOB,
    },
    "CreatePipeline": {"PipelineName": "a-a", "PipelineDefinition": DEFINITION, "RoleArn": ROLE, "ClientRequestToken": "x" * 32},
}
# What a smallest request needs beyond the model's required members to succeed, so that later requests find its resource.
MONITORED = {"EndpointName": "a-a", "LocalPath": "/opt/ml/processing/input"}
REPORTS = {"MonitoringOutputs": [{"S3Output": {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": "/opt/ml/processing/output"}}]}
LABELS = {"GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/labels"}}
ENOUGH = {
    "CreateHyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
            },
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "ResourceConfig": CLUSTER,
            **JOB,
        },
    },
    **{
        f"Create{kind}JobDefinition": {
            f"{kind}JobInput": {"EndpointInput": MONITORED} | labels,
            f"{kind}JobOutputConfig": REPORTS,
            "RoleArn": ROLE,
        }
        for kind, labels in {"DataQuality": {}, "ModelQuality": LABELS, "ModelBias": LABELS, "ModelExplainability": {}}.items()
    },
    "CreateMonitoringSchedule": {
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
            "MonitoringJobDefinitionName": "a-a",
            "MonitoringType": "DataQuality",
        }
    },
    "CreateModelPackage": {"ModelPackageGroupName": "a-a"},
    "CreatePipeline": {"PipelineDefinition": DEFINITION},
    "UpdatePipeline": {"PipelineDefinition": DEFINITION},
    "BatchWriteRecord": {"Entries": [{"FeatureGroupName": "a-a", "Record": RECORD}]},
    "PutRecord": {"Record": RECORD},
    "UpdateRecord": {"Features": RECORD},
    "DeleteRecord": {"EventTime": "2"},
    "PutModelPackageGroupPolicy": {
        "ResourcePolicy": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                        "Action": "sagemaker:DescribeModelPackageGroup",
                        "Resource": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/a-a",
                    }
                ],
            }
        )
    },
}


def place(operation: str) -> int:
    return next((ORDER.index(verb) for verb in ORDER if verb and operation.startswith(verb)), ORDER.index(""))


EVERY = sorted(operations(), key=lambda each: place(each[1]))
# The sections of the page, one per family: its title, then its operations. The title says whether they are only recorded.
FAMILIES = [family.splitlines() for family in conformance.DOCUMENT.read_text().partition("\n### Refused\n")[0].split("\n### ")[1:]]
DONE = {name for family in FAMILIES for name in re.findall(r"`(\w+)`", family[2])}
RECORDED = {name for family in FAMILIES if "`record`" in family[0] for name in re.findall(r"`(\w+)`", family[2])}
NEED_MORE = {"ListPipelineExecutionSteps"}  # AWS wants its ARN, though the model does not require it


class Sender:
    """A local AWS with clients that send any parameters unchecked."""

    def __init__(self, handle: launch.Handle) -> None:
        self.handle = handle
        make = client_factory(handle)
        unchecked = Config(parameter_validation=False)
        self._clients = {service: make(service, config=unchecked) for service in SERVICES}
        self.succeeded: set[str] = set()
        make("s3").create_bucket(Bucket=BUCKET)
        make("s3").put_object(Bucket=BUCKET, Key="data/rows.csv", Body=b"1,2\n")
        for operation, params in THERE.items():
            assert self.send("sagemaker", operation, params) is None
        started = make("sagemaker").start_pipeline_execution(PipelineName="a-a")
        self.known = KNOWN | {"PipelineExecutionArn": started["PipelineExecutionArn"]}
        handle.advance(60)  # now the feature group is created
        self.holds = {what["resource"] for what in handle.running()}
        self.shown = self.everything()

    def send(self, service: str, operation: str, params: dict) -> ClientError | None:
        """Send a signed request and check that the response fits the model. Returns the error, if any, which has AWS's form."""
        try:
            answer = getattr(self._clients[service], xform_name(operation))(**params)
        except ClientError as error:
            return error
        shape = service_model(service).operation_model(operation).output_shape
        assert (answer.pop("ResponseMetadata")["HTTPHeaders"].get("x-local-aws") == "record") == (operation in RECORDED)
        streams = {name for name, value in answer.items() if hasattr(value, "read")}
        if shape is not None:
            report = ParamValidator().validate({name: value for name, value in answer.items() if name not in streams}, shape)
            assert not report.has_errors(), report.generate_report()
        self.succeeded.add(operation)
        return None

    def everything(self) -> set[str]:
        """Returns the ARNs from all List operations."""
        shown = set()
        for service, operation in EVERY:
            shape = model(service, operation).input_shape
            if operation in DONE - NEED_MORE and operation.startswith("List") and not (shape and required(shape)):
                shown |= set(re.findall(r"arn:aws:sagemaker:[^']+", repr(getattr(self._clients[service], xform_name(operation))())))
        return shown


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    handle = launch.start(tmp_path_factory.mktemp("contract") / "state")
    try:
        yield Sender(handle)
        assert "Traceback" not in (handle.state / "server.log").read_text()
    finally:
        handle.stop()


@pytest.mark.parametrize("sample", [sample_requests.minimal, sample_requests.full], ids=lambda sample: sample.__name__)
@pytest.mark.parametrize(("service", "operation"), [each for each in EVERY if each[1] not in DONE])
def test_what_is_not_done_here_is_refused(sender, service, operation, sample):
    more = ENOUGH.get(operation, {}) if sample is sample_requests.minimal else {}
    error = sender.send(service, operation, sample(model(service, operation).input_shape, sender.known) | more)
    assert error is not None and error.response["Error"] == {
        "Code": "NotSupportedByLocalAws",
        "Message": f"{service}:{operation} is not supported by the local AWS. It exists on AWS; here nothing was done.",
    }


@pytest.mark.parametrize(("service", "operation"), EVERY)
def test_each_kind_of_fault_is_named_as_aws_names_it(sender, service, operation):
    shape = model(service, operation).input_shape
    if shape is None:
        return
    params = sample_requests.full(shape)
    unvalidated = {*bound(shape, "uri"), shape.serialization.get("payload", "")} - {""}
    for kind in KINDS:
        possible = (fault for fault in faults(shape, params) if kind in fault.says and not is_no_request(fault.says, unvalidated))
        for fault in itertools.islice(possible, 1):
            spoiled = copy.deepcopy(params)
            fault.spoil(spoiled)
            error = sender.send(service, operation, spoiled)
            code = "ValidationError" if "ValidationError" in errors(model(service, operation)) else "ValidationException"
            assert error is not None and error.response["Error"]["Code"] == code, error
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            assert fault.says in error.response["Error"]["Message"]


def test_no_refused_request_changed_anything(sender):
    assert len(sender.shown) == 12 and sender.holds == {"training-job/a-a", "processing-job/a-a"}
    assert sender.everything() == sender.shown
    assert {what["resource"] for what in sender.handle.running()} == sender.holds


@pytest.mark.parametrize("sample", [sample_requests.minimal, sample_requests.full], ids=lambda sample: sample.__name__)
@pytest.mark.parametrize(("service", "operation"), [each for each in EVERY if each[1] in DONE])
def test_what_is_done_here_succeeds_or_is_refused_as_aws_does(sender, service, operation, sample):
    more = ENOUGH.get(operation, {}) if sample is sample_requests.minimal else {}
    error = sender.send(service, operation, sample(model(service, operation).input_shape, sender.known) | more)
    if error is not None:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, error
        assert error.response["Error"]["Code"] in COMMON | errors(model(service, operation)).keys(), error
        assert len(error.response["Error"]["Message"]) > 20, error


def test_most_supported_operations_were_tested(sender):
    """The tests above would also pass if everything were refused."""
    assert len(sender.succeeded) >= 0.75 * len(DONE), sorted(DONE - sender.succeeded)


def is_no_request(says: str, unvalidated: set[str]) -> bool:
    """Returns whether the missing member cannot be seen on the wire: a path has all its parts, and a missing body counts as empty."""
    return says.startswith("Value null") and any(f"'{lower(name)}'" in says for name in unvalidated)
