# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each network of m13_2_ex2 has, and the pool of their set-ups."""

from __future__ import annotations

import random

from course.exercises import closed_networks, pools

EACH = 3  # set-ups of each fault
VERSION = "2012-10-17"
FOLDERS = {"passengers": "passenger", "records": "record", "travellers": "traveller"}  # a folder, and a word that is nearly its name
# In the order of the pool: the way to S3, the way to Secrets Manager, the policies.
KINDS = (
    ("table", "protocol", "list", "subnet"),
    ("dns", "admitted", "service", "door", "isolation", "way-out"),
    ("write", "listing", "folder", "which-endpoint", "whose-endpoint"),
)


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each job."""
    picked = pools.picked(rng, closed_networks.POOL, closed_networks.TAKES)
    return {name: KINDS[number][group] for name, (number, group) in zip(closed_networks.JOBS, picked, strict=True)}


def right(setup: dict, fault: str) -> tuple[str, object]:
    """The path of the value at fault, and the value that belongs there."""
    inside = f"arn:aws:s3:::{{bucket}}/{setup['folder']}/*"
    plain: dict[str, tuple[str, object]] = {
        "table": ("s3_endpoint.RouteTableIds.0", "{private_table}"),
        "subnet": ("network.VpcConfig.Subnets.0", "{private_subnet}"),
        "dns": ("secrets_endpoint.PrivateDnsEnabled", True),
        "admitted": ("door_ingress.0.UserIdGroupPairs.0.GroupId", "{jobs}"),
        "service": ("secrets_endpoint.ServiceName", "com.amazonaws.{region}.secretsmanager"),
        "door": ("secrets_endpoint.SecurityGroupIds.0", "{door}"),
        "isolation": ("network.EnableNetworkIsolation", False),
        "which-endpoint": ("bucket.Statement.0.Condition.StringNotEquals.aws:SourceVpce", "{s3_endpoint}"),
        "whose-endpoint": ("bucket.Statement.0.Condition.StringNotEquals.aws:SourceVpce", "{s3_endpoint}"),
    }
    if fault in plain:
        return plain[fault]
    wrong = {
        "protocol": ("udp", "tcp"),
        "list": ("{dynamodb_list}", "{s3_list}"),
        "way-out": ("{others}", "{door}"),
        "write": ("s3:PutObjectAcl", "s3:PutObject"),
        "listing": ("s3:ListBucketVersions", "s3:ListBucket"),
        "folder": (f"arn:aws:s3:::{{bucket}}/{FOLDERS[setup['folder']]}/*", inside),
    }[fault]
    return next(path for path, value in closed_networks.leaves(setup).items() if value == wrong[0]), wrong[1]


def stored() -> dict[str, list]:
    rng = random.Random("m13_2 closed networks")
    return {"course/exercises/closed_networks.json": [[[setup(rng, fault) for _ in range(EACH)] for fault in kind] for kind in KINDS]}


def setup(rng: random.Random, fault: str = "") -> dict:
    """A set-up with a fault, or a sound one. Names and orders are drawn, so that a comparison shows more than a fault."""
    folder = rng.choice(list(FOLDERS))
    subnet = "{public_subnet}" if fault == "subnet" else "{private_subnet}"
    return {
        "folder": folder,
        "network": {
            "EnableNetworkIsolation": fault == "isolation",
            "EnableInterContainerTrafficEncryption": rng.random() < 0.5,
            "VpcConfig": {"Subnets": [subnet], "SecurityGroupIds": ["{jobs}"]},
        },
        "job_egress": _egress(rng, fault),
        "door_ingress": [_https("UserIdGroupPairs", "GroupId", "{others}" if fault == "admitted" else "{jobs}")],
        "s3_endpoint": {
            "ServiceName": "com.amazonaws.{region}.s3",
            "VpcEndpointType": "Gateway",
            "RouteTableIds": ["{public_table}" if fault == "table" else "{private_table}"],
            "PolicyDocument": {"Version": VERSION, "Statement": _through(rng, folder, fault)},
        },
        "secrets_endpoint": {
            "ServiceName": f"com.amazonaws.{{region}}.{'ssm' if fault == 'service' else 'secretsmanager'}",
            "VpcEndpointType": "Interface",
            "SubnetIds": ["{private_subnet}"],
            "SecurityGroupIds": ["{jobs}" if fault == "door" else "{door}"],
            "PrivateDnsEnabled": fault != "dns",
        },
        "bucket": {"Version": VERSION, "Statement": [_only(rng, fault)]},
    }


def _https(member: str, name: str, value: str, protocol: str = "tcp") -> dict:
    """A rule for port 443."""
    return {"IpProtocol": protocol, "FromPort": 443, "ToPort": 443, member: [{name: value}]}


def _shuffled(rng: random.Random, items: list[dict]) -> list[dict]:
    return rng.sample(items, len(items))


def _egress(rng: random.Random, fault: str) -> list[dict]:
    listed = "{dynamodb_list}" if fault == "list" else "{s3_list}"
    protocol = "udp" if fault == "protocol" else "tcp"
    door = "{others}" if fault == "way-out" else "{door}"
    return _shuffled(rng, [_https("PrefixListIds", "PrefixListId", listed, protocol), _https("UserIdGroupPairs", "GroupId", door)])


def _through(rng: random.Random, folder: str, fault: str) -> list[dict]:
    """The policy of the S3 endpoint: list the bucket, read code and records, write what is masked."""

    def allow(sids: list[str], action: str, *places: str) -> dict:
        resources = [f"arn:aws:s3:::{{bucket}}{place}" for place in places]
        return {"Sid": rng.choice(sids), "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resources}

    inside = FOLDERS[folder] if fault == "folder" else folder
    return _shuffled(
        rng,
        [
            allow(["List", "Keys"], "s3:ListBucketVersions" if fault == "listing" else "s3:ListBucket", ""),
            allow(["Read", "Inputs"], "s3:GetObject", *rng.sample(["/code/*", f"/{inside}/*"], 2)),
            allow(["Write", "Results"], "s3:PutObjectAcl" if fault == "write" else "s3:PutObject", "/masked/*"),
        ],
    )


def _only(rng: random.Random, fault: str) -> dict:
    """The bucket's policy: objects only through the S3 endpoint."""
    where = "{secrets_endpoint}" if fault == "which-endpoint" else "{vpc}" if fault == "whose-endpoint" else "{s3_endpoint}"
    return {
        "Sid": rng.choice(["OnlyFromHere", "Closed"]),
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": "arn:aws:s3:::{bucket}/*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": where}},
    }
