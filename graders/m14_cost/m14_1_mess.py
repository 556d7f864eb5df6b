"""A messy account that the learner tidies up, beside one of somebody else (m14_1_ex2). Afterwards everything is tried out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import ClientError

from course.cleanup import delete_bucket
from course.exercises.messy_account import Builder, MessyAccount
from course.grading import Answer, Report
from course.grading.jobs import sagemaker_role

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
NAMES = ("bags", "cargo", "crew", "gates", "meals", "routes")
SMALL = ("NAT gateways", "secrets", "unfinished uploads")  # the kinds of a small account
RECOVERY_DAYS = 30
FEWEST = 3  # kinds that must be closed before it is asked what was kept
# What is said of a resource that nobody uses and is left, of a used one that is gone, and of somebody else's that is gone.
LEFT = {
    "endpoints": "An endpoint that was never asked still answers, and costs money.",
    "warm pools": "A warm pool is still kept: its job's `WarmPoolStatus` has the `Status` Available.",
    "NAT gateways": "A NAT gateway to which no route leads is still there.",
    "secrets": "A secret that nobody has read is still there.",
    "unfinished uploads": "An unfinished upload still stores its parts.",
}
USED_GONE = {
    "endpoints": "An endpoint of which a variant is asked does not answer any more.",
    "NAT gateways": "A NAT gateway to which a route leads is gone.",
    "secrets": "A secret that a program has read can be read no more.",
    "objects": "An object of the bucket is gone. Only unfinished uploads are to be ended.",
}
OTHERS_GONE = {
    "endpoints": "An endpoint of somebody else is gone: its name has the prefix in it, but does not begin with it.",
    "warm pools": "A warm pool of somebody else is gone: its job's name has the prefix in it, but does not begin with it.",
    "NAT gateways": "A NAT gateway with another `Name` is gone.",
    "secrets": "A secret of somebody else is gone: its name does not begin with the prefix.",
    "unfinished uploads": "An upload outside of `folder(prefix)` is gone.",
}


@dataclass(frozen=True)
class Thing:
    """A resource of an account.

    Attributes
    ----------
    kind : str
        A key of `LEFT` or `USED_GONE`.
    used, there : bool
    more : str
        What else is said of it once it is gone.
    """

    kind: str
    used: bool
    there: bool
    more: str = ""

    @property
    def problem(self) -> str:
        """What is wrong with it after the account was tidied up; ``""`` if nothing is."""
        if self.used:
            return "" if self.there else self.more or USED_GONE[self.kind]
        return LEFT[self.kind] if self.there else self.more


def judge_tidy(answer: Answer, report: Report) -> None:
    """Build two accounts, let the learner tidy up one of them, and try out what is left; reports all parts of m14_1_ex2."""
    with contextlib.ExitStack() as made:
        builder, bucket = Builder(answer.client, sagemaker_role(answer.client("iam")), IMAGE), _bucket(answer, made)
        if not _anything_closed(answer, report, builder, bucket, made):
            return
        own, other = _built(answer, builder, bucket, made)
        report.doing("tidies up the account")
        answer.call("tidy", own.prefix, own.bucket)
        report.doing("tries out what is left")
        things = list(_Probes(answer, builder, own).things())
        if _closed(report, things) < FEWEST / len(LEFT):
            for name in ("kept", "again"):
                report.part(name, False, f"Judged once what nobody uses is closed for {FEWEST} of {len(LEFT)} kinds.")
            return
        broken = [thing.problem for thing in things if thing.used and thing.problem]
        gone = [OTHERS_GONE[thing.kind] for thing in _Probes(answer, builder, other).things() if not thing.used and not thing.there]
        said = " ".join(dict.fromkeys([*broken, *gone])) or "What is used goes on, and so does what others have."
        report.part("kept", not broken and not gone, said)
        report.finished("closed", "kept")
        report.doing("tidies up once more")
        answer.call("tidy", own.prefix, own.bucket)
        changed = [thing for thing in _Probes(answer, builder, own).things() if thing not in things]
        report.part("again", not changed, "`tidy(...)` was called for a second time, and changed what the first call had left as it is.")


def _closed(report: Report, things: list[Thing]) -> float:
    """Report which kinds of unused things are closed. Returns their share."""
    problems = {kind: [thing.problem for thing in things if thing.kind == kind and not thing.used and thing.problem] for kind in LEFT}
    share = sum(not each for each in problems.values()) / len(LEFT)
    said = dict.fromkeys(each for several in problems.values() for each in several)
    report.part("closed", share, " ".join(said) or "What nobody used is closed.")
    return share


def _bucket(answer: Answer, made: contextlib.ExitStack) -> str:
    s3, bucket = answer.client("s3"), f"m14-mess-{answer.token()}"
    s3.create_bucket(Bucket=bucket)
    made.callback(delete_bucket, s3, bucket)
    return bucket


def _anything_closed(answer: Answer, report: Report, builder: Builder, bucket: str, made: contextlib.ExitStack) -> bool:
    """Try the function on a small account first. If it closes nothing there, report this, and build no other."""
    prefix = f"{answer.rng.choice(NAMES)}-{answer.token()}"
    small = builder.small(prefix, bucket, f"m14_1/{prefix}/", answer.rng)
    made.callback(builder.remove, small)
    answer.call("tidy", prefix, bucket)
    left = [thing.problem for thing in _Probes(answer, builder, small).things() if not thing.used and thing.there]
    if len(left) < len(SMALL):
        return True
    report.part("closed", False, f"In a small account nothing was closed. {' '.join(left)}")
    for name in ("kept", "again"):
        report.part(name, False, "Judged once something is closed.")
    return False


def _built(answer: Answer, builder: Builder, bucket: str, made: contextlib.ExitStack) -> tuple[MessyAccount, MessyAccount]:
    """The learner's account, and one of somebody else whose names have the same prefix in them, but do not begin with it."""
    rng, prefix = answer.rng, f"{answer.rng.choice(NAMES)}-{answer.token()}"
    own = builder.begun(prefix, bucket, f"m14_1/{prefix}/", rng)
    made.callback(builder.remove, own)
    other = builder.neighbour(f"old-{prefix}", bucket, f"m14_1/{prefix}-old/", rng)
    made.callback(builder.remove, other)
    for account in (own, other):
        builder.wait(account, rng)
    return own, other


class _Probes:
    """Tries out the resources of an account."""

    def __init__(self, answer: Answer, builder: Builder, account: MessyAccount) -> None:
        self._client, self._builder, self._account = answer.client, builder, account

    def things(self) -> Iterator[Thing]:
        """All resources, used and unused ones."""
        account = self._account
        for name, used in account.endpoints.items():
            second = used and len(self._builder.variants(name)) > 1
            said = "An endpoint of two variants is gone, and the second one was asked." if second else ""
            yield Thing("endpoints", used, self._answers(name), said)
        for name, used in account.jobs.items():
            if not used:
                yield Thing("warm pools", used, self._pool(name))
        for gateway, used in account.gateways.items():
            yield Thing("NAT gateways", used, self._gateway(gateway))
        for name, used in account.secrets.items():
            yield self._secret(name, used)
        for upload, used in account.uploads.items():
            yield Thing("unfinished uploads", used, self._upload(upload))
        yield Thing("objects", True, self._objects())

    def _answers(self, endpoint: str) -> bool:
        try:
            self._builder.answer(endpoint)
        except ClientError:
            return False
        return True

    def _pool(self, job: str) -> bool:
        found = self._client("sagemaker").describe_training_job(TrainingJobName=job)
        return found.get("WarmPoolStatus", {}).get("Status") == "Available"

    def _gateway(self, gateway: str) -> bool:
        try:
            found = self._client("ec2").describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
        except ClientError:
            return False
        return any(each["State"] == "available" for each in found)

    def _secret(self, name: str, used: bool) -> Thing:
        try:
            found = self._client("secretsmanager").describe_secret(SecretId=name)
        except ClientError:
            return Thing("secrets", used, False, "A secret was deleted at once: nobody can bring it back.")
        if "DeletedDate" not in found:
            return Thing("secrets", used, True)
        days = round((found["DeletedDate"] - found["CreatedDate"]) / timedelta(days=1))  # it was made a moment ago
        said = "" if used or days == RECOVERY_DAYS else f"A secret can be recovered for {days} days; the text says how long."
        return Thing("secrets", used, False, said)

    def _upload(self, upload: str) -> bool:
        pages = self._client("s3").get_paginator("list_multipart_uploads").paginate(Bucket=self._account.bucket)
        return any(each["UploadId"] == upload for page in pages for each in page.get("Uploads", ()))

    def _objects(self) -> bool:
        s3 = self._client("s3")
        try:
            for name in ("model.tar.gz", "train.csv"):
                s3.head_object(Bucket=self._account.bucket, Key=f"{self._account.folder}{name}")
        except ClientError:
            return False
        return True
