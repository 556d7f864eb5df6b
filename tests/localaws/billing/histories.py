"""Random histories of an account, which keep what they should cost without a look at the meter.

What lasts is counted by the clock, jobs and endpoints by their descriptions, objects of jobs by the inventory of their bucket, and the
requests of jobs by the events of their callers.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

from botocore.exceptions import ClientError

from course.localaws.core.credentials import issued
from course.sandbox import box
from tests.localaws.billing.ledgers import GIGABYTE, HOUR, list_price, months
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures
from tests.localaws.sagemaker.transform import transform_fixtures
from tests.localaws.sagemaker.transform.transform_fixtures import CSV, CSV_OUT, SUM

COMPRESSED = 0.15  # of stored logs
REQUESTS = {"GetObject": "Requests-Tier2", "ListObjectsV2": "Requests-Tier1", "PutObject": "Requests-Tier1"}  # that jobs make
OBJECTS, LOGS, LINES, TRANSFER = "TimedStorage-ByteHrs", "USE1-TimedStorage-ByteHrs", "USE1-DataProcessing-Bytes", "DataTransfer-Out-Bytes"
LONGEST_LINES = 4096 / GIGABYTE  # what a model server may print between two looks at its log
STEPS, DISK, DAY = 25, 40, 86_400
Act = Callable[[], None]


class History:
    """Does random things, and keeps what they should cost."""

    def __init__(self, aws: RestartableAws, dice: random.Random) -> None:
        self._aws, self._dice, self._client = aws, dice, cache(aws)
        self._counted: Counter[str] = Counter()  # amounts that are known exactly
        self._lasted: Counter[str] = Counter()  # those that follow from the clock
        self._slack: Counter[str] = Counter()  # how much of them is not known: a call changes something at some time while it is made
        self._objects: dict[tuple[str, str], int] = {}
        self._buckets: list[str] = []
        self._keys: list[str] = []
        self._secrets: list[str] = []
        self._alarms: list[str] = []
        self._logs: dict[str, int] = {}  # group -> its bytes
        self._began = self._then = aws.handle.advance(0)

    def acts(self) -> Iterator[Act]:
        """What to `do` in this history."""
        often = [self._put, self._read, self._log]
        acts = [*often, *often, self._bucket, self._head, self._delete, self._end_log, self._key, self._end_key]
        acts += [self._secret, self._end_secret, self._alarm, self._end_alarm]
        for _ in range(STEPS):
            yield self._dice.choice(acts)

    def do(self, act: Act) -> None:
        """Act, and let some time pass."""
        before = self._levels()
        act()
        after, acted = self._levels(), self._aws.handle.advance(0)
        for usage_type in before:
            self._slack[usage_type] += abs(after[usage_type] - before[usage_type]) * months(self._then, acted)
        self._pass(self._aws.handle.advance(self._dice.choice([0, 0, 600, 5 * HOUR, 40 * HOUR])))

    def expected(self, now: float) -> dict[str, tuple[float, float]]:
        """Usage type -> its amount at a time in Unix seconds, and how much more or less may be right."""
        self._pass(now)
        found = self._lasted + self._counted  # those above zero
        return {usage_type: (found[usage_type], self._slack[usage_type]) for usage_type in found}

    @property
    def unsure(self) -> float:
        """US dollars that are not known."""
        return sum(slack * list_price(usage_type) for usage_type, slack in self._slack.items())

    def _pass(self, now: float) -> None:
        """Count what has been there until now."""
        passed, self._then = months(self._then, now), now
        for usage_type, level in self._levels().items():
            self._lasted[usage_type] += level * passed

    def _levels(self) -> dict[str, float]:
        """How much is there now."""
        return {
            OBJECTS: sum(self._objects.values()) / GIGABYTE,
            "us-east-1-KMS-Keys": len(self._keys),
            "USE1-AWSSecretsManager-Secrets": len(self._secrets),
            "CW:AlarmMonitorUsage": len(self._alarms),
            LOGS: COMPRESSED * sum(self._logs.values()) / GIGABYTE,
        }

    def _bucket(self) -> None:
        self._buckets.append(f"bucket-{len(self._buckets)}-of-history")
        self._client("s3").create_bucket(Bucket=self._buckets[-1])
        self._counted["Requests-Tier1"] += 1

    def _put(self) -> None:
        if not self._buckets:
            return
        bucket, key, size = self._dice.choice(self._buckets), self._dice.choice("abc"), self._dice.randint(1, 3_000_000)
        self._client("s3").put_object(Bucket=bucket, Key=key, Body=bytes(size))
        self._objects[bucket, key] = size
        self._counted["Requests-Tier1"] += 1

    def _head(self) -> None:
        for bucket in self._buckets:
            key = self._dice.choice("abc")
            try:
                self._client("s3").head_object(Bucket=bucket, Key=key)
                assert (bucket, key) in self._objects
            except ClientError:
                assert (bucket, key) not in self._objects
            self._counted["Requests-Tier2"] += 1  # also of what is not there

    def _read(self) -> None:
        """Download objects, some of them in part."""
        for (bucket, key), size in self._objects.items():
            length = self._dice.choice([size, self._dice.randint(1, size)])
            body = self._client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{length - 1}")["Body"].read()
            self._counted[TRANSFER] += len(body) / GIGABYTE
            self._counted["Requests-Tier2"] += 1

    def _delete(self) -> None:
        for bucket, key in list(self._objects):
            if self._dice.random() < 0.5:
                self._client("s3").delete_object(Bucket=bucket, Key=key)
                del self._objects[bucket, key]

    def _key(self) -> None:
        self._keys.append(self._client("kms").create_key()["KeyMetadata"]["KeyId"])
        self._counted["us-east-1-KMS-Requests"] += 1

    def _end_key(self) -> None:
        if self._keys:
            self._client("kms").schedule_key_deletion(KeyId=self._keys.pop(), PendingWindowInDays=7)
            self._counted["us-east-1-KMS-Requests"] += 1

    def _secret(self) -> None:
        name = f"secret-{self._dice.getrandbits(60)}"
        self._client("secretsmanager").create_secret(Name=name, SecretString="s")
        self._secrets.append(name)
        self._counted["USE1-AWSSecretsManagerAPIRequest"] += 1

    def _end_secret(self) -> None:
        if self._secrets:
            self._client("secretsmanager").delete_secret(SecretId=self._secrets.pop(), RecoveryWindowInDays=7)
            self._counted["USE1-AWSSecretsManagerAPIRequest"] += 1

    def _alarm(self) -> None:
        self._alarms.append(f"alarm-{self._dice.getrandbits(60)}")
        watched = {"Namespace": "Flights", "MetricName": "Late", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
        rule = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        self._client("cloudwatch").put_metric_alarm(AlarmName=self._alarms[-1], **watched, **rule)

    def _end_alarm(self) -> None:
        if self._alarms:
            self._client("cloudwatch").delete_alarms(AlarmNames=[self._alarms.pop()])

    def _log(self) -> None:
        logs, group, size = self._client("logs"), self._dice.choice("xyz"), self._dice.randint(1000, 900_000)
        if group not in self._logs:
            logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName="s")
        event = {"timestamp": int(self._aws.handle.advance(0) * 1000), "message": "x" * size}
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
        self._logs[group] = self._logs.get(group, 0) + size + 26
        self._counted[LINES] += (size + 26) / GIGABYTE

    def _end_log(self) -> None:
        for group in list(self._logs):
            if self._dice.random() < 0.5:
                self._client("logs").delete_log_group(logGroupName=group)
                del self._logs[group]


class SageMakerHistory(History):
    """A history with jobs of all families and an endpoint, too. Time passes while they run."""

    def __init__(self, aws: RestartableAws, dice: random.Random) -> None:
        super().__init__(aws, dice)
        self._jobs = JobFixtures(aws.handle, box.best_mode(), fresh=False)
        self._listed: dict[str, int] = {}  # key -> bytes, in the bucket of jobs
        self._model = self._input = self._endpoint = ""
        self._instances, self._since = 0, 0.0

    def acts(self) -> Iterator[Act]:
        own = [self._deploy, self._train, self._invoke, self._spot, self._process, self._resize, self._fail, self._invoke, self._transform]
        own += self._dice.choice([[], [self._end_endpoint]])
        others = list(super().acts())
        yield self._set_up
        for act in own:
            for _ in range(self._dice.randint(0, 2 * len(others) // len(own))):
                if others:
                    yield others.pop()
            yield act
        yield from others

    def expected(self, now: float) -> dict[str, tuple[float, float]]:
        self._resized(now, self._instances)
        for event in self._events():
            if event["service"] == "s3" and event["caller"] != issued(self._aws.state).principal.arn:
                self._counted[REQUESTS[event["operation"]]] += 1
        groups = self._client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
        written = sum(group["storedBytes"] for group in groups) / GIGABYTE
        self._counted[LINES] += written
        self._slack[LINES] += LONGEST_LINES
        self._slack[LOGS] += COMPRESSED * (written + LONGEST_LINES) * months(self._began, now)
        found = super().expected(now)
        return found if LOGS in found else found | {LOGS: (0.0, self._slack[LOGS])}

    def _levels(self) -> dict[str, float]:
        levels = super()._levels()
        return levels | {OBJECTS: levels[OBJECTS] + sum(self._listed.values()) / GIGABYTE}

    def _events(self) -> Iterator[dict]:
        since = 0
        while events := self._aws.handle.events(since):
            yield from events
            since = events[-1]["id"]

    def _list(self) -> None:
        """Count what jobs have stored since the last look."""
        self._counted["Requests-Tier1"] += 1
        for found in self._client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]:
            if found["Key"] not in self._listed:
                size, stored = found["Size"] / GIGABYTE, found["LastModified"].timestamp()
                self._lasted[OBJECTS] += size * months(stored, self._then) if stored < self._then else 0.0
                self._slack[OBJECTS] += size * months(stored, stored + 1)  # it is in whole seconds
                self._listed[found["Key"]] = found["Size"]

    # Jobs

    def _set_up(self) -> None:
        self._client("s3").create_bucket(Bucket=BUCKET)
        self._model = transform_fixtures.model(self._jobs, SUM)
        self._input = self._jobs.put("in/a.csv", "1,2\n3,4\n")
        self._counted["Requests-Tier1"] += 3
        self._list()

    def _train(self) -> None:
        self._trained("Train", "Completed", entrypoint=["sleep", "0.2"])

    def _spot(self) -> None:
        self._trained("TrSpt", "Completed", entrypoint=["true"], EnableManagedSpotTraining=True)

    def _fail(self) -> None:
        self._trained("Train", "Failed", entrypoint=["false"])

    def _trained(self, component: str, status: str, **asked: object) -> None:
        kind, count = self._dice.choice(["ml.m5.large", "ml.c5.xlarge"]), self._dice.randint(1, 2)
        cluster = {"InstanceType": kind, "InstanceCount": count, "VolumeSizeInGB": 30}
        limits = {"MaxRuntimeInSeconds": DAY} | ({"MaxWaitTimeInSeconds": DAY} if component == "TrSpt" else {})  # the clock is advanced
        name = self._jobs.train(self._jobs.name("history"), ResourceConfig=cluster, StoppingCondition=limits, **asked)
        self._wait()
        job = self._jobs.trained(name)
        assert job["TrainingJobStatus"] == status, job.get("FailureReason")
        self._ran(component, "Train", kind, count, 30, job["TrainingStartTime"], job["TrainingEndTime"], job["BillableTimeInSeconds"])

    def _process(self) -> None:
        kind, count = "ml.m5.xlarge", self._dice.randint(1, 2)
        cluster = {"ClusterConfig": {"InstanceType": kind, "InstanceCount": count, "VolumeSizeInGB": 5}}
        name = self._jobs.name("history")
        run = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["true"]}
        self._client("sagemaker").create_processing_job(
            ProcessingJobName=name, RoleArn=ROLE, AppSpecification=run, ProcessingResources=cluster
        )
        self._wait()
        job = self._jobs.processed(name)
        assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
        self._ran("Processing", "Processing", kind, count, 5, job["ProcessingStartTime"], job["ProcessingEndTime"])

    def _transform(self) -> None:
        name = transform_fixtures.start(self._jobs, self._model, self._input, Input=CSV, Output=CSV_OUT)
        self._wait()
        job = transform_fixtures.ended(self._jobs, name)
        assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
        self._ran("Tsform", "Tsform", "ml.m5.large", 1, 0, job["TransformStartTime"], job["TransformEndTime"])

    def _wait(self) -> None:
        """Let time pass while a job runs."""
        self._pass(self._aws.handle.advance(self._dice.choice([0, 600, 5 * HOUR])))

    def _ran(self, component: str, volume: str, kind: str, count: int, disk: int, start: object, end: object, billed: int = 0) -> None:
        """Count a job by its description. Jobs without billable seconds cost from their start to their end, in whole seconds."""
        began, ended = start.timestamp(), end.timestamp()
        seconds = billed or math.ceil(ended - began)
        self._counted[f"USE1-{component}:{kind}"] += count * seconds / HOUR
        self._counted[f"USE1-{volume}:VolumeUsage.gp2"] += count * disk * months(began, ended) * seconds / (ended - began)
        self._list()

    # The endpoint

    def _deploy(self) -> None:
        sagemaker, count = self._client("sagemaker"), self._dice.randint(1, 2)
        self._endpoint = self._jobs.name("history")
        variant = {"VariantName": "AllTraffic", "ModelName": self._model, "InstanceType": "ml.m5.large", "InitialInstanceCount": count}
        sagemaker.create_endpoint_config(EndpointConfigName=self._endpoint, ProductionVariants=[variant | {"VolumeSizeInGB": DISK}])
        sagemaker.create_endpoint(EndpointName=self._endpoint, EndpointConfigName=self._endpoint)
        described = self._settled()
        self._resized(described["CreationTime"].timestamp(), count)

    def _resize(self) -> None:
        """Change the number of instances."""
        wanted, asked = 3 - self._instances, self._aws.handle.advance(0)
        change = [{"VariantName": "AllTraffic", "DesiredInstanceCount": wanted}]
        self._client("sagemaker").update_endpoint_weights_and_capacities(EndpointName=self._endpoint, DesiredWeightsAndCapacities=change)
        described = self._settled()
        assert described["ProductionVariants"][0]["CurrentInstanceCount"] == wanted
        self._resized(described["LastModifiedTime"].timestamp(), wanted, asked)

    def _invoke(self) -> None:
        for _ in range(self._dice.randint(1, 3)):
            body = "\n".join("1,2,3" for _ in range(self._dice.randint(1, 10_000)))
            runtime = self._client("sagemaker-runtime")
            answer = runtime.invoke_endpoint(EndpointName=self._endpoint, Body=body, ContentType="text/csv")["Body"].read()
            self._counted["USE1-Hst:Data-Bytes-In"] += len(body) / GIGABYTE
            self._counted["USE1-Hst:Data-Bytes-Out"] += len(answer) / GIGABYTE

    def _end_endpoint(self) -> None:
        asked = self._aws.handle.advance(0)
        self._client("sagemaker").delete_endpoint(EndpointName=self._endpoint)
        self._resized(self._aws.handle.advance(0), 0, asked)

    def _settled(self) -> dict:
        """The description of the endpoint, once it is in service."""
        described = self._jobs.until(
            lambda: self._client("sagemaker").describe_endpoint(EndpointName=self._endpoint),
            lambda found: found["EndpointStatus"] not in ("Creating", "Updating"),
        )
        assert described["EndpointStatus"] == "InService" and "FailureReason" not in described, described
        return described

    def _resized(self, at: float, count: int, asked: float | None = None) -> None:
        """Count the instances until a time, since when there is another number of them. The change was ``asked`` for before it."""
        self._counted["USE1-Host:ml.m5.large"] += self._instances * (at - self._since) / HOUR
        self._counted["USE1-Host:VolumeUsage.gp2"] += DISK * self._instances * months(self._since, at)
        if asked is not None:
            self._slack["USE1-Host:ml.m5.large"] += abs(count - self._instances) * (at - asked) / HOUR
            self._slack["USE1-Host:VolumeUsage.gp2"] += DISK * abs(count - self._instances) * months(asked, at)
        self._instances, self._since = count, at
