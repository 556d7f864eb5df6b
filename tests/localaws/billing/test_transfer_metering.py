"""Which bytes of objects are data transfer, and what they cost in the ledger, in Cost Explorer and in the Price List."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest

from course.localaws.billing import prices
from course.sandbox import box
from tests.localaws.awslambda import programs
from tests.localaws.billing.ledgers import GIGABYTE, amounts
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.sagemaker.job_fixtures import JobFixtures, processing_input
from tests.localaws.sagemaker.pipelines.definitions import condition, fail
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

OUT, SIZE = "DataTransfer-Out-Bytes", 700_000
ASSUME = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
READ = "import boto3\nassert len(boto3.client('s3').get_object(Bucket='lake', Key='a')['Body'].read()) == 700_000"
READ_AS = """import boto3
keys = boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="reader")["Credentials"]
names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey", "aws_session_token": "SessionToken"}
s3 = boto3.client("s3", **{argument: keys[name] for argument, name in names.items()})
assert len(s3.get_object(Bucket="lake", Key="a")["Body"].read()) == 700_000
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("transfer-metering") / "state")
    yield aws
    aws.stop()


@pytest.fixture(autouse=True)
def _object(aws: RestartableAws) -> None:
    aws.handle.reset()
    aws("s3").create_bucket(Bucket="lake")
    aws("s3").put_object(Bucket="lake", Key="a", Body=bytes(SIZE))


def test_what_a_program_of_the_learner_reads_is_data_to_the_internet(aws):
    s3 = aws("s3")
    assert len(s3.get_object(Bucket="lake", Key="a")["Body"].read()) == SIZE
    assert len(s3.get_object(Bucket="lake", Key="a", Range="bytes=100-299")["Body"].read()) == 200
    s3.head_object(Bucket="lake", Key="a")
    assert amounts(aws.handle, "lake")[OUT] == pytest.approx((SIZE + 200) / GIGABYTE)
    with urlopen(s3.generate_presigned_url("get_object", {"Bucket": "lake", "Key": "a"})) as answer:
        answer.read()
    assert amounts(aws.handle)[OUT] == pytest.approx((2 * SIZE + 200) / GIGABYTE)


def reader(aws: RestartableAws) -> str:
    """The ARN of a role that may read objects and that everybody of the account may assume."""
    iam = aws("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": TRUST})
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    return arn


def test_a_role_that_the_learner_assumes_reads_from_the_internet(aws):
    keys = aws("sts").assume_role(RoleArn=reader(aws), RoleSessionName="SageMaker")["Credentials"]  # the name that sessions of jobs have
    s3 = aws("s3", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    s3.get_object(Bucket="lake", Key="a")["Body"].read()
    assert amounts(aws.handle)[OUT] == pytest.approx(SIZE / GIGABYTE)


def test_what_a_job_reads_costs_nothing(aws):
    jobs = JobFixtures(aws.handle, box.best_mode())
    source = processing_input("a", "s3://lake/a", "/opt/ml/processing/a")
    done = jobs.processed(jobs.process(READ, ProcessingInputs=[source]))
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    assert ("GetObject", "lake/a") in jobs.done_in_s3("arn:aws:sts::123456789012:assumed-role/SageMakerRole/SageMaker")
    assert OUT not in amounts(aws.handle)


def test_what_a_job_reads_with_a_role_that_it_assumes_costs_nothing(aws):
    jobs = JobFixtures(aws.handle, box.best_mode())
    aws("iam").put_role_policy(RoleName="SageMakerRole", PolicyName="assume", PolicyDocument=json.dumps(ASSUME))
    done = jobs.processed(jobs.process(f"ROLE = {reader(aws)!r}\n{READ_AS}"))
    assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
    assert ("GetObject", "lake/a") in jobs.done_in_s3("arn:aws:sts::123456789012:assumed-role/reader/reader")
    assert OUT not in amounts(aws.handle)


def test_what_a_function_or_a_pipeline_reads_costs_nothing(aws):
    arn = programs.make_role(aws)
    aws("iam").attach_role_policy(RoleName=arn.rpartition("/")[2], PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    programs.create(aws, "reader", f"def handler(event, context):\n    {READ.replace(chr(10), '; ')}")
    answer = programs.invoke(aws, "reader")
    assert "FunctionError" not in answer, answer["LogResult"]
    aws("s3").put_object(Bucket="lake", Key="flag.json", Body=json.dumps({"good": 1}))
    flag = {"Std:JsonGet": {"S3Uri": "s3://lake/flag.json", "Path": "good"}}
    read = condition("read", {"Type": "Equals", "LeftValue": flag, "RightValue": 1}, IfSteps=[], ElseSteps=[fail()])
    Pipelines(aws).run(read)
    reads = {(event["caller"], event["resource"]) for event in aws.handle.events(0) if event["operation"] == "GetObject"}
    assert {resource for _, resource in reads} == {"lake/a", "lake/flag.json"} and len(reads) == 2
    assert OUT not in amounts(aws.handle)


def test_a_copy_to_another_region_costs_at_its_source(aws):
    s3 = aws("s3")
    for name, region in (("near", None), ("far", "us-west-2"), ("other", "sa-east-1")):
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": {"LocationConstraint": region}} if region else {}))
        s3.copy_object(Bucket=name, Key="a", CopySource="lake/a")
    s3.copy_object(Bucket="lake", Key="b", CopySource="far/a")
    upload = s3.create_multipart_upload(Bucket="far", Key="b")["UploadId"]
    part = {"CopySource": "lake/a", "CopySourceRange": "bytes=0-999"}
    s3.upload_part_copy(Bucket="far", Key="b", UploadId=upload, PartNumber=1, **part)
    found = amounts(aws.handle)
    assert found["USE1-USW2-AWS-Out-Bytes"] == pytest.approx((SIZE + 1000) / GIGABYTE)
    assert found["USW2-USE1-AWS-Out-Bytes"] == pytest.approx(SIZE / GIGABYTE)
    assert aws.handle.ledger()["unpriced"] == ["USE1-sa-east-1-AWS-Out-Bytes", "sa-east-1-TimedStorage-ByteHrs"]
    assert OUT not in found


def test_cost_explorer_shows_it_under_the_service_that_sent_it(aws):
    aws("s3").get_object(Bucket="lake", Key="a")["Body"].read()
    today = datetime.fromtimestamp(aws.handle.advance(0), UTC)
    asked = {"TimePeriod": {"Start": f"{today - timedelta(days=1):%Y-%m-%d}", "End": f"{today + timedelta(days=2):%Y-%m-%d}"}}
    groups = [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "OPERATION")]
    chosen = {"Dimensions": {"Key": "USAGE_TYPE", "Values": [OUT]}}
    answer = aws("ce").get_cost_and_usage(
        **asked, Granularity="DAILY", Metrics=["UnblendedCost", "UsageQuantity"], GroupBy=groups, Filter=chosen
    )
    [found] = [group for day in answer["ResultsByTime"] for group in day["Groups"]]
    assert found["Keys"] == ["Amazon Simple Storage Service", "GetObject"]
    assert float(found["Metrics"]["UnblendedCost"]["Amount"]) == pytest.approx(0.09 * SIZE / GIGABYTE, rel=1e-5)
    assert found["Metrics"]["UsageQuantity"]["Unit"] == "GB"


def test_the_first_100_gigabytes_of_a_month_are_free(aws):
    aws("s3").get_object(Bucket="lake", Key="a")["Body"].read()
    [service] = aws.handle.ledger()["services"]
    [line] = [line for line in service["lines"] if line["usage_type"] == OUT]
    assert service["name"] == "Amazon Simple Storage Service"
    assert line["free"] == line["amount"] > 0 and line["cost"] == pytest.approx(0.09 * SIZE / GIGABYTE)
    assert prices.free("AWSDataTransfer", OUT) == 100


def test_the_price_list_has_its_tiers(aws):
    chosen = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value}
        for field, value in (("fromRegionCode", "us-east-1"), ("toLocation", "External"))
    ]
    [text] = aws("pricing").get_products(ServiceCode="AWSDataTransfer", Filters=chosen)["PriceList"]
    item = json.loads(text)
    assert item["product"]["productFamily"] == "Data Transfer" and item["product"]["attributes"]["transferType"] == "AWS Outbound"
    [term] = item["terms"]["OnDemand"].values()
    found = {each["beginRange"]: each["description"] for each in term["priceDimensions"].values()}
    assert found["0"] == "$0.09 per GB - first 10 TB / month data transfer out beyond the global free tier"
    assert found["153600"] == "$0.05 per GB - greater than 150 TB / month data transfer out"
