"""Records of CloudTrail, as a trail writes them into its log files and as EventBridge gets them (m13_3_ex2, m13_3_ex3)."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REGION = "us-east-1"
READS = ("Get", "Head", "List", "Describe", "AssumeRole")
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@dataclass(frozen=True)
class Caller:
    """Who makes a call: a user, or a session of a role."""

    arn: str
    key: str
    role: str = ""  # the ARN of the role of a session

    def identity(self) -> dict[str, Any]:
        """The element ``userIdentity``."""
        account = self.arn.split(":")[4]
        found = {"principalId": account, "arn": self.arn, "accountId": account, "accessKeyId": self.key}
        if self.arn.endswith(":root"):
            return {"type": "Root"} | found
        if not self.role:
            name = self.arn.rpartition("/")[2]
            return {"type": "IAMUser", **found, "principalId": "AIDA4XMPLUSER0000001", "userName": name}
        issuer = {"type": "Role", "principalId": "AROA4XMPLROLE0000001", "arn": self.role, "accountId": account}
        issuer["userName"] = self.role.rpartition("/")[2]
        times = {"creationDate": "2026-11-03T09:00:00Z", "mfaAuthenticated": "false"}
        found["principalId"] = f"{issuer['principalId']}:{self.arn.rpartition('/')[2]}"
        return {"type": "AssumedRole", **found, "sessionContext": {"sessionIssuer": issuer, "attributes": times}}


@dataclass
class Records:
    """Makes records of one account, whose ids and times follow from a generator."""

    rng: random.Random
    account: str
    minute: int = field(default=0)

    def text(self, size: int, letters: str = "0123456789abcdef") -> str:
        return "".join(self.rng.choices(letters, k=size))

    def key(self, start: str) -> str:
        """The id of an access key: ``start`` is ``"AKIA"`` for a user's, ``"ASIA"`` for a session's."""
        return start + self.text(16, string.ascii_uppercase + "234567")

    def user(self, name: str) -> Caller:
        return Caller(f"arn:aws:iam::{self.account}:user/{name}", self.key("AKIA"))

    def session(self, role: str, name: str) -> Caller:
        arn = f"arn:aws:sts::{self.account}:assumed-role/{role.rpartition('/')[2]}/{name}"
        return Caller(arn, self.key("ASIA"), role)

    def record(
        self, caller: Caller, service: str, name: str, parameters: Mapping[str, Any], *, error: str = "", answer: Any = None
    ) -> dict[str, Any]:
        """A record; of the errors only the code has a meaning here."""
        self.minute += self.rng.randint(1, 3)
        failed = {"errorCode": error, "errorMessage": f"{name} failed."} if error else {}
        is_data = service == "s3" and name.endswith(("Object", "Objects"))
        return {
            "eventVersion": "1.11",
            "userIdentity": caller.identity(),
            "eventTime": f"2026-11-0{3 + self.minute // 1440}T{self.minute // 60 % 24:02}:{self.minute % 60:02}:00Z",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "198.51.100.7",
            "userAgent": "Boto3/1.44.8",
            **failed,
            "requestParameters": dict(parameters) or None,
            "responseElements": None if error else answer,
            "requestID": self._id(),
            "eventID": self._id(),
            "readOnly": name.startswith(READS),
            **_resources(service, parameters, self.account),
            "eventType": "AwsApiCall",
            "managementEvent": not is_data,
            "recipientAccountId": self.account,
            "eventCategory": "Data" if is_data else "Management",
        }

    def assumed(self, caller: Caller, role: str, name: str) -> tuple[dict[str, Any], Caller]:
        """The record of AssumeRole, and the session that it opens."""
        session = self.session(role, name)
        keys = {"accessKeyId": session.key, "secretAccessKey": HIDDEN, "sessionToken": HIDDEN, "expiration": "2026-11-04T09:00:00Z"}
        opened = {"credentials": keys, "assumedRoleUser": {"assumedRoleId": f"AROA4XMPLROLE0000001:{name}", "arn": session.arn}}
        return self.record(caller, "sts", "AssumeRole", {"roleArn": role, "roleSessionName": name}, answer=opened), session

    def refused_role(self, caller: Caller, role: str) -> dict[str, Any]:
        asked = {"roleArn": role, "roleSessionName": "another"}
        return self.record(caller, "sts", "AssumeRole", asked, error="AccessDenied")

    def on_object(self, caller: Caller, name: str, bucket: str, key: str, error: str = "") -> dict[str, Any]:
        asked = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "key": key}
        return self.record(caller, "s3", name, asked, error=error)

    def listing(self, caller: Caller, bucket: str, prefix: str) -> dict[str, Any]:
        asked = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "prefix": prefix}
        return self.record(caller, "s3", "ListObjects", asked)

    def _id(self) -> str:
        return "-".join(self.text(size) for size in (8, 4, 4, 4, 12))


def _resources(service: str, parameters: Mapping[str, Any], account: str) -> dict[str, Any]:
    """The element ``resources``, of services that write it."""
    if service == "sts":
        return {"resources": [{"accountId": account, "type": "AWS::IAM::Role", "ARN": parameters["roleArn"]}]}
    if service != "s3":
        return {}
    bucket = f"arn:aws:s3:::{parameters['bucketName']}"
    of_bucket = {"accountId": account, "type": "AWS::S3::Bucket", "ARN": bucket}
    if "key" not in parameters and "prefix" not in parameters:
        return {"resources": [of_bucket]}
    return {"resources": [{"type": "AWS::S3::Object", "ARN": f"{bucket}/{parameters.get('key', '')}"}, of_bucket]}
