"""A messy account that the learner tidies up, beside one of somebody else (m14_1_ex2). Afterwards everything is tried out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import ClientError

from course.cleanup import delete_bucket
from course.exercises.messy_account import Builder, MessyAccount
from course.grading import Answer, Report
from course.grading.jobs import sagemaker_role

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
NAMES = ("bags", "cargo", "crew", "gates", "meals", "routes")
RECOVERY_DAYS = 30
KINDS = ("endpoints", "warm pools", "NAT gateways", "secrets", "unfinished uploads")
FEWEST = 3  # kinds that must be closed before it is asked what was kept


@dataclass(frozen=True)
class Thing:
    """A resource of an account, whether it is used, and what is said of it: by its kind, and in full."""

    kind: str
    used: bool
    problem: str


def judge_tidy(answer: Answer, report: Report) -> None:
    """Build two accounts, let the learner tidy up one of them, and try out what is left; reports all parts of m14_1_ex2."""
    with _built(answer) as (builder, own, other):
        report.doing("tidies up the account")
        answer.call("tidy", own.prefix, own.bucket)
        report.doing("tries out what is left")
        things = list(_Probes(answer, builder, own).things())
        share = report_closed(report, things)
        if share < FEWEST / len(KINDS):
            for name in ("kept", "again"):
                report.part(name, False, f"Judged once what nobody uses is closed for {FEWEST} of {len(KINDS)} kinds.")
            return
        broken = [thing.problem for thing in things if thing.used and thing.problem]
        broken += [said for said in _others(answer, builder, other) if said]
        report.part("kept", not broken, " ".join(dict.fromkeys(broken)) or "What is used goes on, and so does what others have.")
        report.finished("closed", "kept")
        report.doing("tidies up once more")
        answer.call("tidy", own.prefix, own.bucket)
        now = [thing.problem for thing in _Probes(answer, builder, own).things() if thing.used and thing.problem]
        said = "`tidy(...)` was called for a second time, and something changed that the first call had left alone: "
        report.part("again", broken or not now, f"{said}{' '.join(now)}" if now else "A second call changes nothing.")


def report_closed(report: Report, things: list[Thing]) -> float:
    """Report which kinds of unused things are closed. Returns their share."""
    left = {kind: [thing.problem for thing in things if thing.kind == kind and not thing.used and thing.problem] for kind in KINDS}
    problems = [said for each in left.values() for said in each]
    share = sum(not each for each in left.values()) / len(KINDS)
    report.part("closed", share, " ".join(dict.fromkeys(problems)) or "What nobody used is closed.")
    return share


@contextlib.contextmanager
def _built(answer: Answer) -> Iterator[tuple[Builder, MessyAccount, MessyAccount]]:
    """The learner's account, and one of somebody else whose names have the same prefix in them, but do not begin with it."""
    rng, s3 = answer.rng, answer.client("s3")
    prefix, bucket = f"{rng.choice(NAMES)}-{answer.token()}", f"m14-mess-{answer.token()}"
    builder = Builder(answer.client, sagemaker_role(answer.client("iam")), IMAGE)
    with contextlib.ExitStack() as made:
        s3.create_bucket(Bucket=bucket)
        made.callback(delete_bucket, s3, bucket)
        own = builder.begun(prefix, bucket, f"m14_1/{prefix}/", rng)
        made.callback(builder.remove, own)
        other = builder.neighbour(f"old-{prefix}", bucket, f"m14_1/{prefix}-old/", rng)
        made.callback(builder.remove, other)
        for account in (own, other):
            builder.wait(account, rng)
        yield builder, own, other


class _Probes:
    """Tries out the resources of an account. A problem is a text; "" says that a thing is as it should be."""

    def __init__(self, answer: Answer, builder: Builder, account: MessyAccount) -> None:
        self._client, self._builder, self._account = answer.client, builder, account

    def things(self) -> Iterator[Thing]:
        """All resources, used and unused ones."""
        probes: tuple[tuple[str, dict[str, bool], Callable[[str, bool], str]], ...] = (
            ("endpoints", self._account.endpoints, self._endpoint),
            ("warm pools", self._account.jobs, self._job),
            ("NAT gateways", self._account.gateways, self._gateway),
            ("secrets", self._account.secrets, self._secret),
            ("unfinished uploads", self._account.uploads, self._upload),
        )
        for kind, names, probe in probes:
            for name, used in names.items():
                yield Thing(kind, used, probe(name, used))
        yield Thing("objects", True, self._objects())

    def _endpoint(self, name: str, used: bool) -> str:
        try:
            self._builder.answer(name)
        except ClientError:
            which = "last of two" if len(self._builder.variants(name)) > 1 else "only one"
            return f"An endpoint of which a variant is asked, the {which}, does not answer any more." if used else ""
        return "" if used else "An endpoint that was never asked still answers, and costs money."

    def _job(self, name: str, used: bool) -> str:
        job = self._client("sagemaker").describe_training_job(TrainingJobName=name)
        if not used and job.get("WarmPoolStatus", {}).get("Status") == "Available":
            return "A warm pool is still kept: its job's `WarmPoolStatus` is Available."
        return ""

    def _gateway(self, gateway: str, used: bool) -> str:
        try:
            [found] = self._client("ec2").describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
            there = found["State"] == "available"
        except (ClientError, ValueError):
            there = False
        if used == there:
            return ""
        return "A NAT gateway to which a route leads is gone." if used else "A NAT gateway to which no route leads is still there."

    def _secret(self, name: str, used: bool) -> str:
        manager = self._client("secretsmanager")
        if used:
            try:
                manager.get_secret_value(SecretId=name)
            except ClientError:
                return "A secret that a program has read can be read no more."
            return ""
        try:
            found = manager.describe_secret(SecretId=name)
        except ClientError:
            return "A secret was deleted at once, so nobody can bring it back: it needs a time to change one's mind."
        if "DeletedDate" not in found:
            return "A secret that nobody has read is still there."
        days = round((found["DeletedDate"] - found["CreatedDate"]) / timedelta(days=1))  # it was made a moment ago
        return "" if days == RECOVERY_DAYS else f"A secret can be recovered for {days} days; the text says how long."

    def _upload(self, upload: str, used: bool) -> str:
        pages = self._client("s3").get_paginator("list_multipart_uploads").paginate(Bucket=self._account.bucket)
        there = any(each["UploadId"] == upload for page in pages for each in page.get("Uploads", ()))
        return "An unfinished upload still stores its parts." if there and not used else ""

    def _objects(self) -> str:
        s3 = self._client("s3")
        try:
            for name in ("model.tar.gz", "train.csv"):
                s3.head_object(Bucket=self._account.bucket, Key=f"m14_1/{self._account.prefix}/{name}")
        except ClientError:
            return "An object of the bucket is gone. Only unfinished uploads are to be ended."
        return ""


def _others(answer: Answer, builder: Builder, other: MessyAccount) -> Iterator[str]:
    """What of somebody else's is gone: nothing there is used, and all of it must stay."""
    gone = {
        "endpoints": "An endpoint of somebody else is gone: its name has the prefix in it, but does not begin with it.",
        "warm pools": "A warm pool of somebody else is gone: its job's name has the prefix in it, but does not begin with it.",
        "NAT gateways": "A NAT gateway with another `Name` is gone.",
        "secrets": "A secret of somebody else is gone: its name does not begin with the prefix.",
        "unfinished uploads": "An upload outside of `folder(prefix)` is gone.",
    }
    for thing in _Probes(answer, builder, other).things():
        if thing.kind in gone and not thing.problem:
            yield gone[thing.kind]
