"""Small weeks of an endpoint, and an endpoint that the learner moves to another type (m14_2_ex3)."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError

from course.cleanup import delete_bucket
from course.grading import Answer, Report
from course.grading.jobs import sagemaker_role
from course.grading.model_archives import constant
from course.grading.scoring import near

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
BEFORE = ("ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge")
AFTER = ("ml.m5.large", "ml.c5.large", "ml.c5.2xlarge")
NAMES = ("blue", "green", "heavy", "light", "new", "old")
ROW = "1,2"  # what the endpoint is asked
TRIES, LOOK_EVERY = 1200, 0.1  # looks at an endpoint, and seconds between them
WITHIN = 1e-6
CAPTURE = ("EnableCapture", "InitialSamplingPercentage", "DestinationS3Uri", "CaptureOptions")  # what must stay of DataCaptureConfig

Sizes = dict[str, dict[str, float]]


def size(vcpus: int, gigabytes: int, hour: float) -> dict[str, float]:
    return {"vcpus": vcpus, "gigabytes": gigabytes, "hour": hour}


@dataclass(frozen=True)
class Week:
    """Minutes of an endpoint, CPU and memory, its type, the types that there are, the right one, and what is said of others."""

    minutes: tuple[tuple[float, float], ...]
    now: str
    types: Sizes
    right: str
    hints: dict[str, str] = field(default_factory=dict)

    @property
    def usage(self) -> pd.DataFrame:
        index = pd.date_range("2026-11-02", periods=len(self.minutes), freq="min")
        return pd.DataFrame(self.minutes, columns=["CPUUtilization", "MemoryUtilization"], index=index, dtype=float)


VCPUS = "100 of `CPUUtilization` is one vCPU, whatever the type. How many vCPUs does its busiest minute use, and how many has your type?"
MEMORY = "How many gigabytes does it use at most, in whichever minute, and how many has your type?"
SHARES = "Which share of its vCPUs and of its memory would be used at most?"
DEARER = "It is large enough, but not the cheapest that is."
SMALL = (
    Week(
        (*((40, 12),) * 150, (130, 20), *((30, 16),) * 60),
        "ml.m5.xlarge",
        {
            "ml.m5.xlarge": size(4, 16, 0.23),
            "ml.t2.medium": size(1, 4, 0.056),
            "ml.c5.large": size(2, 4, 0.102),
            "ml.m5.large": size(2, 8, 0.115),
        },
        "ml.c5.large",
        {"ml.t2.medium": VCPUS, "ml.m5.large": DEARER, "ml.m5.xlarge": DEARER},
    ),
    Week(
        ((90, 30), (150, 30), (60, 30)),
        "ml.m5.2xlarge",
        {
            "ml.c5.large": size(2, 4, 0.102),
            "ml.m5.large": size(2, 8, 0.115),
            "ml.r5.large": size(2, 16, 0.151),
            "ml.r5.xlarge": size(4, 32, 0.302),
            "ml.c6i.2xlarge": size(8, 16, 0.29),
            "ml.m5.2xlarge": size(8, 32, 0.461),
        },
        "ml.c6i.2xlarge",
        {"ml.c5.large": MEMORY, "ml.m5.large": MEMORY, "ml.r5.large": SHARES, "ml.r5.xlarge": DEARER, "ml.m5.2xlarge": DEARER},
    ),
    Week(
        ((60, 45), (65, 10), (20, 50)),
        "ml.m5.xlarge",
        {
            "ml.c5.large": size(2, 4, 0.102),
            "ml.m5.large": size(2, 8, 0.115),
            "ml.m5.xlarge": size(4, 16, 0.23),
            "ml.r5.large": size(2, 16, 0.151),
        },
        "ml.r5.large",
        {"ml.c5.large": MEMORY, "ml.m5.large": SHARES, "ml.m5.xlarge": DEARER},
    ),
    Week(
        ((160, 20), (90, 90), (100, 20)),
        "ml.m5.large",
        {"ml.c5.large": size(2, 4, 0.102), "ml.c5.xlarge": size(4, 8, 0.204), "ml.m5.large": size(2, 8, 0.115)},
        "ml.m5.large",
    ),
)


def judge_small_weeks(answer: Answer, report: Report) -> bool:
    """Report the practice part of m14_2_ex3. Returns whether it is right."""
    for week in SMALL:
        given = answer.call("fitting", week.usage, week.now, week.types)
        if given == week.right:
            continue
        said = f"{called(week.usage, week.now, week.types, given)} "
        if given not in week.types:
            said += "That is none of the types."
        elif week.right == week.now:
            said += "No type fits. What is returned then?"
        else:
            said += week.hints.get(given, "How many vCPUs and gigabytes does the busiest minute use, and which shares may it use?")
        return report.part("practice", False, said)
    return report.part("practice", True, "All small weeks are right.")


def called(usage: pd.DataFrame, now: str, types: Sizes, given: str) -> str:
    """What was called, and what came back."""
    highest = f"{usage['CPUUtilization'].max():g} and {usage['MemoryUtilization'].max():g}"
    said = f"`fitting(usage, {now!r}, types)` returned {given!r}. `usage` has {len(usage):,} minutes,"
    has = "".join(
        f"; {name} has {types[name]['vcpus']} vCPUs and {types[name]['gigabytes']} GB"
        for name in dict.fromkeys((now, given))
        if name in types
    )
    return f"{said} its highest CPU and memory are {highest}{has}."


def judge_move(answer: Answer, report: Report) -> None:
    """Let the learner move a small endpoint, then one of two variants that was scaled; reports the parts type and kept of m14_2_ex3."""
    with contextlib.ExitStack() as made:
        probe = _Probe(answer, made)
        small = _Endpoint(f"m14-small-{answer.token()}", answer.rng, variants=1, captures=False)
        probe.make(small)
        if not _moved(answer, report, probe, small):
            report.part("kept", False, "Judged once a small endpoint has another type.")
            return
        probe.remove(small)
        report.doing("makes an endpoint of two variants, and moves it")
        large = _Endpoint(f"m14-large-{answer.token()}", answer.rng, variants=2, captures=True)
        probe.make(large)
        probe.scale(large)
        before = probe.described(large)
        if not _moved(answer, report, probe, large):
            report.part("kept", False, "Judged once all variants have the type.")
            return
        report.part("kept", *_kept(before, probe.described(large)))


class _Endpoint:
    """What an endpoint is made of, and what it is moved to."""

    def __init__(self, name: str, rng: Any, variants: int, captures: bool) -> None:
        self.name, self.captures = name, captures
        self.before, self.after = rng.choice(BEFORE), rng.choice(AFTER)
        self.variants = rng.sample(NAMES, variants)
        self.weights = dict(zip(self.variants, rng.sample((1.0, 2.0, 3.0), variants), strict=True))
        self.scaled, self.count, self.weight = rng.choice(self.variants), 2, rng.choice((4.0, 5.0, 6.0))
        self.percent = rng.randint(11, 99)


class _Probe:
    """Makes endpoints with models of their own, and looks at them."""

    def __init__(self, answer: Answer, made: contextlib.ExitStack) -> None:
        self._sagemaker, self._runtime, self._made = answer.client("sagemaker"), answer.client("sagemaker-runtime"), made
        self._role, self._bucket = sagemaker_role(answer.client("iam")), f"m14-sizes-{answer.token()}"
        s3 = answer.client("s3")
        s3.create_bucket(Bucket=self._bucket)
        made.callback(delete_bucket, s3, self._bucket)
        s3.put_object(Bucket=self._bucket, Key="model.tar.gz", Body=constant(answer.rng.uniform(0.2, 0.8)))

    def make(self, endpoint: _Endpoint) -> None:
        running = []
        for variant in endpoint.variants:
            model = f"{endpoint.name}-{variant}"
            container = {"Image": IMAGE, "ModelDataUrl": f"s3://{self._bucket}/model.tar.gz"}
            self._sagemaker.create_model(ModelName=model, ExecutionRoleArn=self._role, PrimaryContainer=container)
            self._made.callback(self._sagemaker.delete_model, ModelName=model)
            one = {"VariantName": variant, "ModelName": model, "InstanceType": endpoint.before, "InitialInstanceCount": 1}
            running.append(one | {"InitialVariantWeight": endpoint.weights[variant]})
        captured = {
            "EnableCapture": True,
            "InitialSamplingPercentage": endpoint.percent,
            "DestinationS3Uri": f"s3://{self._bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        }
        more = {"DataCaptureConfig": captured} if endpoint.captures else {}
        self._sagemaker.create_endpoint_config(EndpointConfigName=endpoint.name, ProductionVariants=running, **more)
        self._made.callback(self._sagemaker.delete_endpoint_config, EndpointConfigName=endpoint.name)
        self._sagemaker.create_endpoint(EndpointName=endpoint.name, EndpointConfigName=endpoint.name)
        self._made.callback(self.remove, endpoint)
        self.settled(endpoint)

    def scale(self, endpoint: _Endpoint) -> None:
        """Do what auto scaling and a shift of traffic do."""
        wanted = {"VariantName": endpoint.scaled, "DesiredInstanceCount": endpoint.count, "DesiredWeight": endpoint.weight}
        self._sagemaker.update_endpoint_weights_and_capacities(EndpointName=endpoint.name, DesiredWeightsAndCapacities=[wanted])
        self.settled(endpoint)

    def settled(self, endpoint: _Endpoint) -> str:
        """Wait until an endpoint changes no more. Returns its status, or ``""`` if there is none."""
        for _ in range(TRIES):
            status = self._status(endpoint)
            if not status.endswith("ing"):
                return status
            time.sleep(LOOK_EVERY)
        return "still changing"

    def _status(self, endpoint: _Endpoint) -> str:
        try:
            return self._sagemaker.describe_endpoint(EndpointName=endpoint.name)["EndpointStatus"]
        except ClientError:
            return ""

    def described(self, endpoint: _Endpoint) -> dict[str, Any]:
        """DescribeEndpoint's answer, and of its configuration the variants as ``Configured``, the data capture as ``Captured``."""
        found = self._sagemaker.describe_endpoint(EndpointName=endpoint.name)
        config = self._sagemaker.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
        variants = {each["VariantName"]: each for each in config["ProductionVariants"]}
        return found | {"Configured": variants, "Captured": config.get("DataCaptureConfig", {})}

    def silent(self, endpoint: _Endpoint) -> list[str]:
        """The variants that do not answer."""
        silent = []
        for variant in endpoint.variants:
            asked = {"EndpointName": endpoint.name, "TargetVariant": variant, "ContentType": "text/csv", "Body": ROW}
            try:
                self._runtime.invoke_endpoint(**asked)
            except ClientError:
                silent.append(variant)
        return silent

    def remove(self, endpoint: _Endpoint) -> None:
        """Delete an endpoint, if there is one, and the configuration that the learner made for it."""
        with contextlib.suppress(ClientError):
            config = self._sagemaker.describe_endpoint(EndpointName=endpoint.name)["EndpointConfigName"]
            self.settled(endpoint)
            self._sagemaker.delete_endpoint(EndpointName=endpoint.name)
            if config != endpoint.name:
                self._sagemaker.delete_endpoint_config(EndpointConfigName=config)


def _moved(answer: Answer, report: Report, probe: _Probe, endpoint: _Endpoint) -> bool:
    """Let the learner move an endpoint, and report whether it has the type and answers."""
    answer.call("move", endpoint.name, endpoint.after)
    said = f"`move({endpoint.name!r}, {endpoint.after!r})` was called for an endpoint with the variants {', '.join(endpoint.variants)}."
    status = probe.settled(endpoint)
    if not status:
        return report.part("type", False, f"{said} Afterwards there is no such endpoint.")
    if status != "InService":
        return report.part("type", False, f"{said} Afterwards its status is {status}; expected InService.")
    found = probe.described(endpoint)
    types = {name: each.get("InstanceType") for name, each in found["Configured"].items()}
    if missing := [name for name in endpoint.variants if name not in types]:
        return report.part("type", False, f"{said} Its variant {missing[0]!r} is gone.")
    if other := [name for name in endpoint.variants if types[name] != endpoint.after]:
        if "FailureReason" in found:
            said += f" The update failed: {found['FailureReason']}"
        return report.part("type", False, f"{said} {len(other)} of them still have another type: {other[0]!r} has {types[other[0]]}.")
    if silent := probe.silent(endpoint):
        return report.part("type", False, f"{said} The variant {silent[0]!r} does not answer.")
    return report.part("type", True, "All variants have the type, and answer.")


def _kept(before: dict[str, Any], after: dict[str, Any]) -> tuple[bool, str]:
    """Whether an endpoint is what it was, but for its type."""
    if before["CreationTime"] != after["CreationTime"]:
        return False, "The endpoint was deleted and made anew. In between, nobody got an answer: update it instead."
    models = [{name: each["ModelName"] for name, each in found["Configured"].items()} for found in (before, after)]
    if models[0] != models[1]:
        return False, "The variants have other models than before."
    old, new = ({each["VariantName"]: each for each in found["ProductionVariants"]} for found in (before, after))
    counts = {name: (old[name]["CurrentInstanceCount"], new[name]["CurrentInstanceCount"]) for name in old}
    if changed := [name for name, (one, other) in counts.items() if one != other]:
        one, other = counts[changed[0]]
        said = f"The variant {changed[0]!r} had {one} instances, because it was scaled, and has {other} after the move."
        return False, f"{said} Where does an update take the number from?"
    if changed := [name for name in old if not near(new[name]["CurrentWeight"], old[name]["CurrentWeight"], WITHIN)]:
        one, other = (each[changed[0]]["CurrentWeight"] for each in (old, new))
        return (
            False,
            f"The variant {changed[0]!r} had the weight {one:g}, and has {other:g} after the move. Where does an update take it from?",
        )
    captures = [{name: found["Captured"].get(name) for name in CAPTURE} for found in (before, after)]
    if captures[0] != captures[1]:
        other = [name for name in CAPTURE if captures[0][name] != captures[1][name]]
        said = f"captures its data in another way: {', '.join(other)} changed" if after["Captured"] else "captures its data no more"
        return False, f"The endpoint {said}. What had the old configuration, besides variants?"
    return True, "Models, instances, weights and data capture are as before."
