"""Service Quotas through boto3: it shows the values that SageMaker enforces, and an increase that it grants is enforced."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from course.localaws.core.credentials import ACCOUNT
from course.localaws.sagemaker.core import quotas
from course.localaws.servicequotas.increases import APPROVAL_SECONDS, CASE_SECONDS
from tests.localaws.iam.callers import User, allow
from tests.localaws.moto.restartable_aws import RestartableAws

HOUR, DAY = 3600.0, 86_400.0
NUMBERS = itertools.count()
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
GPU, M5, M5_SPOT = "L-B6D80D9C", "L-611FA074", "L-29688C85"  # training on ml.g5.xlarge and ml.m5.large
ALL_TRAINING, ALL_SPOT, RUN_TIME, TUNING_JOBS = "L-00C91CB5", "L-93958082", "L-33A961FD", "L-9D782CC7"
SPOT = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    made = RestartableAws(tmp_path_factory.mktemp("quotas") / "state")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _empty(aws: RestartableAws) -> None:
    aws.handle.reset()
    aws("s3").create_bucket(Bucket="quotas")


def train(aws: RestartableAws, kind: str = "ml.m5.large", count: int = 1, region: str = "us-east-1", **changes: Any) -> str:
    """Start a training job that goes on for ten minutes, and return its name."""
    name = f"job-{next(NUMBERS)}"
    request = {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": SKLEARN, "TrainingInputMode": "File", "ContainerEntrypoint": ["sleep", "600"]},
        "OutputDataConfig": {"S3OutputPath": "s3://quotas/out"},
        "ResourceConfig": {"InstanceType": kind, "InstanceCount": count, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    aws("sagemaker", region_name=region).create_training_job(**request | changes)
    return name


def limit(act: Callable[[], Any]) -> tuple[str, float]:
    """The quota, and its value, that ``ResourceLimitExceeded`` names."""
    with pytest.raises(ClientError) as caught:
        act()
    error = caught.value.response["Error"]
    assert error["Code"] == "ResourceLimitExceeded", error
    found = re.match(
        r"The account-level service limit '(.+)' is (\S+) \w+, with current utilization of \S+ \w+ and a request", error["Message"]
    )
    return found[1], float(found[2])


def value(aws: RestartableAws, code: str, region: str = "us-east-1") -> float:
    return aws("service-quotas", region_name=region).get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]["Value"]


def ask(aws: RestartableAws, code: str, desired: float, **more: Any) -> str:
    """Request an increase, and return the request's id."""
    given = {"ServiceCode": "sagemaker", "QuotaCode": code, "DesiredValue": desired} | more
    return aws("service-quotas").request_service_quota_increase(**given)["RequestedQuota"]["Id"]


def status(aws: RestartableAws, id: str) -> str:
    return aws("service-quotas").get_requested_service_quota_change(RequestId=id)["RequestedQuota"]["Status"]


def listed(aws: RestartableAws, operation: str = "list_service_quotas", **more: Any) -> list[dict]:
    pages = aws("service-quotas").get_paginator(operation).paginate(ServiceCode="sagemaker", **more)
    return [quota for page in pages for quota in page["Quotas"]]


def refusal(act: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


# ---- what is listed ---------------------------------------------------------------------------------------------------------------


def test_every_quota_of_the_data_with_a_code_is_listed(aws):
    assert aws("service-quotas").list_services()["Services"] == [{"ServiceCode": "sagemaker", "ServiceName": "Amazon SageMaker"}]
    applied, defaults = listed(aws, PaginationConfig={"PageSize": 99}), listed(aws, "list_aws_default_service_quotas")
    assert [quota["QuotaCode"] for quota in applied] == list(quotas.listed()) == sorted(quota["QuotaCode"] for quota in defaults)
    names = {quota["QuotaName"] for quota in applied}
    assert len(names) == len(applied) and "ml.m5.large for spot training job usage" in names
    assert "Maximum number of feature groups per AWS account" not in names  # its code is not known
    [one] = listed(aws, QuotaCode=M5)
    assert one == aws("service-quotas").get_service_quota(ServiceCode="sagemaker", QuotaCode=M5)["Quota"]
    assert listed(aws, QuotaAppliedAtLevel="RESOURCE") == []


def test_a_quota_has_the_members_that_aws_shows(aws):
    client, asked = aws("service-quotas"), {"ServiceCode": "sagemaker", "QuotaCode": ALL_TRAINING}
    applied = client.get_service_quota(**asked)["Quota"]
    assert applied == {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:sagemaker/L-00C91CB5",
        "QuotaCode": "L-00C91CB5",
        "QuotaName": "Number of instances across all training jobs",
        "Value": 4.0,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
        "UsageMetric": {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": {
                "Class": "None",
                "Resource": "training-job/total_instance_count",
                "Service": "SageMaker",
                "Type": "Resource",
            },
            "MetricStatisticRecommendation": "Maximum",
        },
    }
    default = client.get_aws_default_service_quota(**asked)["Quota"]
    assert default == applied | {"QuotaArn": "arn:aws:servicequotas:us-east-1::sagemaker/L-00C91CB5"}


def test_the_api_takes_every_instance_type_that_has_a_quota():
    model = botocore.session.get_session().get_service_model("sagemaker")
    shapes = {
        "training": "Training",
        "spot": "Training",
        "processing": "Processing",
        "transform": "Transform",
        "endpoint": "ProductionVariant",
    }
    of_types = [name for quota in quotas.listed().values() if (name := quota.name).startswith("ml.")]
    for name in of_types:
        kind, _, usage = name.partition(" for ")
        assert kind in model.shape_for(f"{shapes[usage.split()[0]]}InstanceType").enum, name
    assert len(of_types) > 600 and all(re.fullmatch("L-[0-9A-F]{8}", code) for code in quotas.listed())


@pytest.mark.parametrize("name", ["missing service", "missing quota", "missing request", "missing report", "bad token"])
def test_what_does_not_exist(aws, name):
    client = aws("service-quotas")
    code, message = refusal(
        {
            "missing service": lambda: client.list_service_quotas(ServiceCode="vpc"),
            "missing quota": lambda: client.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000"),
            "missing request": lambda: client.get_requested_service_quota_change(RequestId="0123456789"),
            "missing report": lambda: client.get_quota_utilization_report(ReportId="0123456789"),
            "bad token": lambda: client.list_service_quotas(ServiceCode="sagemaker", NextToken="bm9uZQ=="),
        }[name]
    )
    assert code == ("InvalidPaginationTokenException" if name == "bad token" else "NoSuchResourceException") and message


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        (
            "tag_resource",
            {"ResourceARN": f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:sagemaker/{M5}", "Tags": [{"Key": "a", "Value": "b"}]},
        ),
        ("associate_service_quota_template", {}),
        ("start_auto_management", {"OptInLevel": "ACCOUNT", "OptInType": "NotifyOnly"}),
        ("create_support_case", {"RequestId": "0123456789"}),
        ("get_service_quota", {"ServiceCode": "sagemaker", "QuotaCode": M5, "ContextId": "*"}),
    ],
)
def test_what_is_refused_by_name(aws, operation, members):
    code, message = refusal(lambda: getattr(aws("service-quotas"), operation)(**members))
    assert code == "NotSupportedByLocalAws" and operation.replace("_", "") in message.lower()


# ---- what is enforced -------------------------------------------------------------------------------------------------------------


def test_sagemaker_enforces_the_listed_values(aws):
    assert limit(lambda: train(aws, "ml.g5.xlarge")) == ("ml.g5.xlarge for training job usage", value(aws, GPU)) and value(aws, GPU) == 0
    assert limit(lambda: train(aws, count=5)) == ("ml.m5.large for training job usage", value(aws, M5))
    assert limit(lambda: train(aws, count=5, **SPOT)) == ("ml.m5.large for spot training job usage", value(aws, M5_SPOT))
    longer = {"MaxRuntimeInSeconds": int(value(aws, RUN_TIME)) + 1}
    assert limit(lambda: train(aws, StoppingCondition=longer)) == ("Longest run time for a training job", 432_000)


def test_an_increase_lets_a_job_run_that_was_refused_before(aws):
    sagemaker = aws("sagemaker")
    assert limit(lambda: train(aws, "ml.g5.xlarge")) == ("ml.g5.xlarge for training job usage", 0)
    id = ask(aws, GPU, 1)
    aws.handle.advance(APPROVAL_SECONDS - 60)
    assert status(aws, id) == "PENDING"
    assert limit(lambda: train(aws, "ml.g5.xlarge")) == ("ml.g5.xlarge for training job usage", 0)
    aws.handle.advance(60)
    assert (status(aws, id), value(aws, GPU), value(aws, GPU, "eu-west-1")) == ("APPROVED", 1, 0)
    job = train(aws, "ml.g5.xlarge")
    assert limit(lambda: train(aws, "ml.g5.xlarge")) == ("ml.g5.xlarge for training job usage", 1)
    assert limit(lambda: train(aws, "ml.g5.xlarge", region="eu-west-1")) == ("ml.g5.xlarge for training job usage", 0)
    sagemaker.stop_training_job(TrainingJobName=job)
    aws.restart()
    assert (status(aws, id), value(aws, GPU)) == ("APPROVED", 1)
    assert limit(lambda: train(aws, "ml.g5.xlarge", 2)) == ("ml.g5.xlarge for training job usage", 1)
    aws.handle.reset()
    assert value(aws, GPU) == 0


def test_a_type_and_all_types_together_are_increased_apart(aws):
    ask(aws, M5, 6)
    aws.handle.advance(HOUR)
    assert limit(lambda: train(aws, count=5)) == ("Number of instances across all training jobs", 4)
    ask(aws, ALL_TRAINING, 5)
    aws.handle.advance(HOUR)
    assert limit(lambda: train(aws, count=6)) == ("Number of instances across all training jobs", 5)
    assert limit(lambda: train(aws, "ml.m5.xlarge", 5)) == ("ml.m5.xlarge for training job usage", 4)
    train(aws, count=5)


def test_spot_jobs_have_quotas_of_their_own(aws):
    train(aws, count=4)
    train(aws, count=1, **SPOT)
    assert limit(lambda: train(aws)) == ("ml.m5.large for training job usage", 4)
    assert limit(lambda: train(aws, "ml.m5.xlarge", 4, **SPOT)) == (
        "Number of instances across all spot training jobs",
        value(aws, ALL_SPOT),
    )
    assert limit(lambda: train(aws, count=21, **SPOT))[0] == "Maximum number of instances per spot training job"


def test_endpoints_of_another_region_do_not_count(aws):
    for region in ("us-east-1", "eu-west-1"):
        sagemaker = aws("sagemaker", region_name=region)
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": SKLEARN})
        for name, count in (("one", 1), ("all", 20)):
            variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": count, "InstanceType": "ml.m5.large"}
            sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws("sagemaker", region_name="eu-west-1").create_endpoint(EndpointName="there", EndpointConfigName="one")
    found = limit(lambda: aws("sagemaker", region_name="eu-west-1").create_endpoint(EndpointName="more", EndpointConfigName="all"))
    assert found == ("ml.m5.large for endpoint usage", 20)
    [code] = [quota.code for quota in quotas.listed().values() if quota.name == found[0]]
    report = aws("service-quotas").start_quota_utilization_report()["ReportId"]
    rows = aws("service-quotas").get_quota_utilization_report(ReportId=report)["Quotas"]
    assert {row["QuotaCode"]: row["Utilization"] for row in rows}[code] == 0  # in us-east-1


# ---- requests ---------------------------------------------------------------------------------------------------------------------


def test_a_large_request_becomes_a_case_and_stays_one(aws):
    client = aws("service-quotas")
    made = client.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=M5, DesiredValue=100)["RequestedQuota"]
    assert made["Status"] == "PENDING" and "CaseId" not in made and made["DesiredValue"] == 100
    assert re.fullmatch("[0-9a-f]{32}[0-9a-zA-Z]{8}", made["Id"])
    assert json.loads(made["Requester"]) == {"accountId": ACCOUNT, "callerArn": aws("sts").get_caller_identity()["Arn"]}
    aws.handle.advance(CASE_SECONDS)
    opened = client.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]
    assert opened["Status"] == "CASE_OPENED" and opened["CaseId"].isdigit()
    assert (opened["LastUpdated"] - opened["Created"]).total_seconds() == pytest.approx(CASE_SECONDS, abs=0.01)
    aws.handle.advance(30 * DAY)
    assert (status(aws, made["Id"]), value(aws, M5)) == ("CASE_OPENED", 4)
    assert refusal(lambda: ask(aws, M5, 5)) == (
        "ResourceAlreadyExistsException",
        "Only one open service quota increase request is allowed per quota.",
    )


def test_a_large_request_without_a_case_is_not_approved(aws):
    id = ask(aws, M5, 100, SupportCaseAllowed=False)
    assert refusal(lambda: ask(aws, M5, 5))[0] == "ResourceAlreadyExistsException"
    aws.handle.advance(CASE_SECONDS)
    assert status(aws, id) == "NOT_APPROVED"
    ask(aws, M5, 5)


def test_four_times_the_applied_value_is_small(aws):
    for desired, outcome in ((16, "APPROVED"), (64, "APPROVED"), (257, "CASE_OPENED")):
        id = ask(aws, M5, desired)
        aws.handle.advance(HOUR)
        assert status(aws, id) == outcome
    assert value(aws, M5) == 64
    id = ask(aws, GPU, 2)
    aws.handle.advance(HOUR)
    assert status(aws, id) == "CASE_OPENED"


def test_requests_that_ask_for_nothing(aws):
    default = "You must provide a quota value greater than the default quota value of "
    assert refusal(lambda: ask(aws, M5, 4)) == ("IllegalArgumentException", default + "4.0")
    assert refusal(lambda: ask(aws, RUN_TIME, 3600)) == ("IllegalArgumentException", default + "432000.0")
    assert refusal(lambda: ask(aws, TUNING_JOBS, 200)) == (
        "IllegalArgumentException",
        "The request failed because the specified quota is not adjustable.",
    )
    ask(aws, M5, 8)
    aws.handle.advance(HOUR)
    current = "You must provide a quota value greater than the current quota value"
    assert refusal(lambda: ask(aws, M5, 8)) == ("IllegalArgumentException", current)
    assert refusal(lambda: ask(aws, "L-00000000", 8))[0] == "NoSuchResourceException"


def test_the_history_of_requests(aws):
    client = aws("service-quotas")
    old = ask(aws, ALL_SPOT, 5)
    aws.handle.advance(89 * DAY)
    first, second = ask(aws, M5, 8), ask(aws, GPU, 50)

    def ids(operation: str = "list_requested_service_quota_change_history", **asked: Any) -> list[str]:
        pages = client.get_paginator(operation).paginate(**asked, PaginationConfig={"PageSize": 1})
        return [request["Id"] for page in pages for request in page["RequestedQuotas"]]

    assert ids() == ids(ServiceCode="sagemaker") == [second, first, old]
    assert ids(Status="PENDING") == [second, first] and ids(Status="APPROVED") == [old]
    by_quota = "list_requested_service_quota_change_history_by_quota"
    assert ids(by_quota, ServiceCode="sagemaker", QuotaCode=M5) == [first]
    assert ids(by_quota, ServiceCode="sagemaker", QuotaCode=M5, QuotaRequestedAtLevel="RESOURCE") == []
    aws.handle.advance(2 * DAY)
    assert ids() == [second, first]
    assert status(aws, old) == "APPROVED" and value(aws, ALL_SPOT) == 5
    assert aws("service-quotas", region_name="eu-west-1").list_requested_service_quota_change_history()["RequestedQuotas"] == []


# ---- utilization and permissions --------------------------------------------------------------------------------------------------


def test_the_report_says_what_runs_now(aws):
    client = aws("service-quotas")
    train(aws, count=3)
    started = client.start_quota_utilization_report()
    assert started["Status"] == "PENDING"
    report = client.get_quota_utilization_report(ReportId=started["ReportId"], MaxResults=3)
    assert report["Status"] == "COMPLETED" and report["TotalCount"] == len(quotas.measured())
    shown = {row["QuotaName"]: row["Utilization"] for row in report["Quotas"][:2]}
    assert shown == {"Number of instances across all training jobs": 75.0, "ml.m5.large for training job usage": 75.0}
    assert report["Quotas"][2]["Utilization"] == 0
    assert report["Quotas"][0].items() >= {"DefaultValue": 4.0, "AppliedValue": 4.0, "Adjustable": True, "Namespace": "AWS/Usage"}.items()
    following = client.get_quota_utilization_report(ReportId=started["ReportId"], NextToken=report["NextToken"])
    assert len(following["Quotas"]) == report["TotalCount"] - 3
    aws.restart()  # the job is lost, and the report is not
    client = aws("service-quotas")
    assert client.get_quota_utilization_report(ReportId=started["ReportId"])["Quotas"][0]["Utilization"] == 75
    aws.handle.advance(15 * 60)
    assert refusal(lambda: client.get_quota_utilization_report(ReportId=started["ReportId"]))[0] == "NoSuchResourceException"


def test_policies_decide_who_may_ask(aws):
    user = User(aws).may(
        allow("servicequotas:RequestServiceQuotaIncrease", f"arn:aws:servicequotas:us-east-1:{ACCOUNT}:sagemaker/{M5}"),
        allow("servicequotas:GetServiceQuota", StringEquals={"servicequotas:service": "sagemaker"}),
        allow("servicequotas:ListServiceQuotas", Null={"aws:ResourceTag/team": "false"}),
    )
    client = user("service-quotas")
    client.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=M5, DesiredValue=5)
    client.get_service_quota(ServiceCode="sagemaker", QuotaCode=M5)
    code, message = refusal(lambda: client.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=GPU, DesiredValue=1))
    assert code == "AccessDeniedException" and "not authorized to perform: servicequotas:RequestServiceQuotaIncrease" in message
    assert refusal(lambda: client.get_service_quota(ServiceCode="vpc", QuotaCode=M5))[0] == "AccessDeniedException"
    assert refusal(lambda: client.list_service_quotas(ServiceCode="sagemaker"))[0] == "AccessDeniedException"
