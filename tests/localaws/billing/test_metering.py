"""The ledger of a real local AWS, compared with what Describe calls, the clock and the requests say."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.core.credentials import ACCOUNT
from course.localaws.core.sdk_environment import REGION
from tests.localaws import athena_queries
from tests.localaws.awslambda import programs
from tests.localaws.billing.ledgers import GIGABYTE, HOUR, amounts, months
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, EndpointFixtures, echo, fixtures_of, script

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
SLACK = 0.02  # hours that a test may take between two looks at the clock
COMPRESSED = 0.15  # of stored logs
SECONDS = 2e-6  # five seconds as a share of a month


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
    """Buckets, keys, secrets, alarms and logs that come and go, counted again from the calls and the clock."""
    history = History(aws, random.Random(seed))
    for _ in range(25):
        history.step()
    lasted, requests = history.amounts()
    found = amounts(aws.handle)
    for usage_type, amount in lasted.items():
        assert found.get(usage_type, 0.0) == pytest.approx(amount, rel=2e-3, abs=SECONDS), usage_type
    assert {usage_type: found[usage_type] for usage_type in requests} == requests


class History:
    """Does random things, and keeps what they should cost."""

    def __init__(self, aws: RestartableAws, dice: random.Random) -> None:
        self._aws, self._dice = aws, dice
        self._requests: Counter[str] = Counter()
        self._lasted: Counter[str] = Counter()  # months, by usage type
        self._objects: dict[tuple[str, str], int] = {}
        self._buckets: list[str] = []
        self._keys: list[str] = []
        self._secrets: list[str] = []
        self._alarms: list[str] = []
        self._logs: dict[str, int] = {}  # group -> its bytes
        self._then = aws.handle.advance(0)

    def step(self) -> None:
        act = self._dice.choice(
            [
                *(self._bucket, self._put, self._put, self._get, self._delete, self._key, self._end_key, self._secret, self._end_secret),
                *(self._alarm, self._end_alarm, self._log, self._log, self._end_log),
            ]
        )
        act()
        self._pass(self._dice.choice([0, 0, 600, 5 * HOUR, 40 * HOUR]))

    def amounts(self) -> tuple[dict[str, float], dict[str, float]]:
        """Months of what lasted, and requests, by usage type."""
        self._pass(0)
        return dict(self._lasted), dict(self._requests)

    def _pass(self, seconds: float) -> None:
        """Let time pass, in which everything is stored that is there now."""
        now = self._aws.handle.advance(seconds)
        passed, self._then = months(self._then, now), now
        self._lasted["TimedStorage-ByteHrs"] += sum(self._objects.values()) / GIGABYTE * passed
        self._lasted["us-east-1-KMS-Keys"] += len(self._keys) * passed
        self._lasted["USE1-AWSSecretsManager-Secrets"] += len(self._secrets) * passed
        self._lasted["CW:AlarmMonitorUsage"] += len(self._alarms) * passed
        self._lasted["USE1-TimedStorage-ByteHrs"] += COMPRESSED * sum(self._logs.values()) / GIGABYTE * passed

    def _bucket(self) -> None:
        self._buckets.append(f"bucket-{len(self._buckets)}-of-history")
        self._aws("s3").create_bucket(Bucket=self._buckets[-1])
        self._requests["Requests-Tier1"] += 1

    def _put(self) -> None:
        if not self._buckets:
            return
        bucket, key, size = self._dice.choice(self._buckets), self._dice.choice("abc"), self._dice.randint(1, 3_000_000)
        self._aws("s3").put_object(Bucket=bucket, Key=key, Body=bytes(size))
        self._objects[bucket, key] = size
        self._requests["Requests-Tier1"] += 1

    def _get(self) -> None:
        for bucket in self._buckets:
            key = self._dice.choice("abc")
            try:
                self._aws("s3").head_object(Bucket=bucket, Key=key)
                assert (bucket, key) in self._objects
            except ClientError:
                assert (bucket, key) not in self._objects
            self._requests["Requests-Tier2"] += 1  # also of what is not there

    def _delete(self) -> None:
        for bucket, key in list(self._objects):
            if self._dice.random() < 0.5:
                self._aws("s3").delete_object(Bucket=bucket, Key=key)
                del self._objects[bucket, key]

    def _key(self) -> None:
        self._keys.append(self._aws("kms").create_key()["KeyMetadata"]["KeyId"])
        self._requests["us-east-1-KMS-Requests"] += 1

    def _end_key(self) -> None:
        if self._keys:
            self._aws("kms").schedule_key_deletion(KeyId=self._keys.pop(), PendingWindowInDays=7)
            self._requests["us-east-1-KMS-Requests"] += 1

    def _secret(self) -> None:
        name = f"secret-{self._dice.getrandbits(60)}"
        self._aws("secretsmanager").create_secret(Name=name, SecretString="s")
        self._secrets.append(name)
        self._requests["USE1-AWSSecretsManagerAPIRequest"] += 1

    def _end_secret(self) -> None:
        if self._secrets:
            self._aws("secretsmanager").delete_secret(SecretId=self._secrets.pop(), RecoveryWindowInDays=7)
            self._requests["USE1-AWSSecretsManagerAPIRequest"] += 1

    def _alarm(self) -> None:
        self._alarms.append(f"alarm-{self._dice.getrandbits(60)}")
        watched = {"Namespace": "Flights", "MetricName": "Late", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
        rule = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        self._aws("cloudwatch").put_metric_alarm(AlarmName=self._alarms[-1], **watched, **rule)

    def _end_alarm(self) -> None:
        if self._alarms:
            self._aws("cloudwatch").delete_alarms(AlarmNames=[self._alarms.pop()])

    def _log(self) -> None:
        logs, group, size = self._aws("logs"), self._dice.choice("xyz"), self._dice.randint(1000, 900_000)
        if group not in self._logs:
            logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName="s")
        event = {"timestamp": int(self._aws.handle.advance(0) * 1000), "message": "x" * size}
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
        self._logs[group] = self._logs.get(group, 0) + size + 26

    def _end_log(self) -> None:
        for group in list(self._logs):
            if self._dice.random() < 0.5:
                self._aws("logs").delete_log_group(logGroupName=group)
                del self._logs[group]


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
