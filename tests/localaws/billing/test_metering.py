"""The ledger of a real local AWS, compared with what Describe calls, the clock and the requests say."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from course.localaws.core.credentials import ACCOUNT
from course.localaws.core.sdk_environment import REGION
from tests.localaws import athena_queries
from tests.localaws.awslambda import programs
from tests.localaws.billing.histories import History, SageMakerHistory
from tests.localaws.billing.ledgers import GIGABYTE, HOUR, amounts, list_price, months
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, EndpointFixtures, echo, fixtures_of, script

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
SLACK = 0.02  # hours that a test may take between two looks at the clock


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("metering") / "state")
    yield aws
    aws.stop()


@pytest.fixture(autouse=True)
def _empty(aws: RestartableAws) -> None:
    aws.handle.reset()


@pytest.fixture
def fixtures(aws: RestartableAws, _empty: None) -> EndpointFixtures:
    return fixtures_of(aws.handle)


def test_an_endpoint_costs_from_its_creation_to_its_deletion(aws, fixtures):
    name = fixtures.create(fixtures.config({"ModelName": fixtures.model(echo("late"), SKLEARN), "InitialInstanceCount": 2}))
    described = fixtures.settled(name)
    aws.handle.advance(2 * HOUR)
    [running] = aws.handle.ledger()["running"]
    assert (running["quantity"], running["usage_type"]) == (2, "USE1-Host:ml.m5.large")
    assert running["a_day"] == pytest.approx(2 * 24 * 0.115)
    fewer = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]
    fixtures.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=fewer)
    fixtures.settled(name)
    changed = aws.handle.advance(0)
    aws.handle.advance(HOUR)
    fixtures.close()
    ended = aws.handle.advance(0)
    aws.handle.advance(5 * HOUR)
    hours = (2 * (changed - described["CreationTime"].timestamp()) + ended - changed) / HOUR
    assert amounts(aws.handle)["USE1-Host:ml.m5.large"] == pytest.approx(hours, abs=SLACK)
    assert aws.handle.ledger()["running"] == []


def test_what_an_endpoint_holds_is_known_after_a_kill(aws, fixtures):
    name = fixtures.deploy(echo("late"), SKLEARN)
    time.sleep(1)  # usage is written every half second
    aws.restart()
    again = fixtures_of(aws.handle)
    again.settled(name)
    aws.handle.advance(3 * HOUR)
    assert amounts(aws.handle)["USE1-Host:ml.m5.large"] == pytest.approx(3, abs=SLACK)
    again.endpoints.append(name)
    again.close()
    aws.handle.advance(3 * HOUR)
    assert amounts(aws.handle)["USE1-Host:ml.m5.large"] == pytest.approx(3, abs=SLACK)


def test_a_serverless_endpoint_costs_the_seconds_of_its_model_and_its_data(aws, fixtures):
    slow = script(
        "import time\ndef model_fn(d): return 0\n"
        "def transform_fn(model, data, content_type, accept): time.sleep(0.3); return 'x' * 100_000, 'text/plain'"
    )
    variant = {"VariantName": "AllTraffic", "ModelName": fixtures.model(slow, SKLEARN)}
    config, serverless = fixtures.name("config"), {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    fixtures.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant | {"ServerlessConfig": serverless}])
    name = fixtures.create(config)
    fixtures.settled(name)
    for _ in range(3):
        fixtures.invoke(name, "y" * 50_000)
    found = amounts(aws.handle, name)
    assert 0.9 <= found["USE1-ServerlessInf:Mem-2GB"] < 30
    assert found["USE1-Hst:Data-Bytes-In"] == pytest.approx(3 * 50_000 / GIGABYTE)
    assert found["USE1-Hst:Data-Bytes-Out"] == pytest.approx(3 * 100_000 / GIGABYTE)
    assert not any(usage_type.startswith("USE1-Host:") for usage_type in found)
    fixtures.close()


def training(aws: RestartableAws, name: str, **more: Any) -> dict:
    """The description of a training job that has ended."""
    s3, sagemaker = aws("s3"), aws("sagemaker")
    s3.create_bucket(Bucket="rows")
    dice = random.Random(4)
    s3.put_object(Bucket="rows", Key="in/a.csv", Body="\n".join(f"{dice.randint(0, 1)},{dice.random()}" for _ in range(100)).encode())
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://rows/in/"}
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=ROLE,
        AlgorithmSpecification={"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        HyperParameters={"objective": "binary:logistic", "num_round": "2"},
        InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": "s3://rows/out/"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 600} | more.pop("Stopping", {}),
        Tags=[{"Key": "team", "Value": "delays"}],
        **more,
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    return sagemaker.describe_training_job(TrainingJobName=name)


def test_a_training_job_costs_its_billable_seconds(aws):
    plain = training(aws, "plain")
    spot = training(aws, "spot", EnableManagedSpotTraining=True, Stopping={"MaxWaitTimeInSeconds": 900})
    found = amounts(aws.handle)
    assert found["USE1-Train:ml.m5.xlarge"] == pytest.approx(plain["BillableTimeInSeconds"] / HOUR)
    assert found["USE1-TrSpt:ml.m5.xlarge"] == pytest.approx(spot["BillableTimeInSeconds"] / HOUR)
    now, seconds = aws.handle.advance(0), plain["BillableTimeInSeconds"] + spot["BillableTimeInSeconds"]
    assert found["USE1-Train:VolumeUsage.gp2"] == pytest.approx(30 * months(now - seconds, now), rel=0.05)  # a month may begin just now
    ledger = aws.handle.ledger()
    assert ledger["tags"]["team"]["delays"] == pytest.approx(
        next(each["cost"] for each in ledger["services"] if "SageMaker" in each["name"])
    )
    assert amounts(aws.handle, "training-job/spot").keys() == {"USE1-TrSpt:ml.m5.xlarge", "USE1-Train:VolumeUsage.gp2"}


def test_functions_queries_and_logs_cost_what_they_report(aws):
    programs.make_role(aws)
    programs.create(aws, "slow", "import time\ndef handler(event, context): time.sleep(0.05)", MemorySize=512)
    for _ in range(3):
        programs.invoke(aws, "slow")
    reports = [line for line in programs.log(aws, "slow") if line.startswith("REPORT")]
    billed = sum(int(line.partition("Billed Duration: ")[2].split()[0]) for line in reports)
    aws("s3").create_bucket(Bucket="lake")
    for name, rows in {"small": 10, "large": 2_000_000}.items():
        aws("s3").put_object(Bucket="lake", Key=f"{name}/a.csv", Body=b"12345678\n" * rows)
        table = f"CREATE EXTERNAL TABLE {name} (n int) ROW FORMAT DELIMITED LOCATION 's3://lake/{name}/'"
        athena_queries.run(aws("athena"), table, "s3://lake/results/")
    scanned = [
        athena_queries.run(aws("athena"), f"SELECT sum(n) FROM {name}", "s3://lake/results/")["Statistics"]["DataScannedInBytes"]
        for name in ("small", "large")
    ]
    assert scanned == [90, 18_000_000]
    found = amounts(aws.handle)
    assert (len(reports), found["Request"]) == (3, 3)
    assert found["Lambda-GB-Second"] == pytest.approx(0.5 * billed / 1000)
    assert found["USE1-DataScannedInTB"] == pytest.approx((10 * 2**20 + 18_000_000) / 2**40)
    written = sum(group["storedBytes"] for group in aws("logs").describe_log_groups()["logGroups"])
    assert found["USE1-DataProcessing-Bytes"] == pytest.approx(written / GIGABYTE)


SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 200))]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_histories_add_up(aws, seed):
    """What comes and goes, counted again from calls, descriptions, events and the clock. Every other history has jobs and an endpoint."""
    history = (SageMakerHistory if seed % 2 == 0 else History)(aws, random.Random(seed))
    for act in history.acts():
        history.do(act)
    ledger = aws.handle.ledger()
    found = {line["usage_type"]: line["amount"] for service in ledger["services"] for line in service["lines"]}
    expected = history.expected(ledger["now"])
    assert found.keys() == expected.keys() and not ledger["unpriced"]
    for usage_type, (amount, slack) in expected.items():
        assert found[usage_type] == pytest.approx(amount, rel=1e-6, abs=slack + 1e-9), usage_type
    cost = sum(amount * list_price(usage_type) for usage_type, (amount, _) in expected.items())
    assert ledger["total"] == pytest.approx(cost, abs=0.005 + history.unsure)


def test_the_command_shows_the_ledger_and_writes_a_page(aws, tmp_path):
    aws("s3").create_bucket(Bucket="some")
    aws("kms").create_key(Tags=[{"TagKey": "team", "TagValue": "<b>ops</b>"}])
    aws.handle.advance(HOUR)
    page = tmp_path / "ledger.html"
    command = [sys.executable, "-m", "course.cli", "aws", "ledger", "--state", str(aws.state), "--html", str(page)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "AWS Key Management Service: $0.00" in shown and "us-east-1-KMS-Keys" in shown
    assert "What runs now:" in shown and f"arn:aws:kms:{REGION}:{ACCOUNT}:key/" in shown
    html = page.read_text()
    assert "AWS Key Management Service" in html and "&lt;b&gt;ops&lt;/b&gt;" in html and "<b>" not in html and "<script" not in html
    assert math.isclose(aws.handle.ledger()["running"][0]["a_day"], 1 / 30.4375, rel_tol=1e-3)
