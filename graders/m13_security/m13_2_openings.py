"""What the closed network of a job must not let through, read from its rules and asked of IAM's simulator (m13_2_ex2)."""

from __future__ import annotations

from collections.abc import Iterator

from course.grading import Answer

from .m13_1_policies import allows, as_identity, as_limit

HTTPS = (443, 443)
MEMBERS = ("UserIdGroupPairs", "PrefixListIds", "IpRanges", "Ipv6Ranges")


def opened(answer: Answer, setup: dict, words: dict[str, str]) -> list[str]:
    """What a filled set-up lets through and must not, in words."""
    return [*_by_rules(setup, words), *_through_endpoint(answer, setup, words), *_into_bucket(answer, setup, words)]


def _by_rules(setup: dict, words: dict[str, str]) -> Iterator[str]:
    if setup["network"]["VpcConfig"]["Subnets"] != [words["private_subnet"]]:
        yield "its job is in a subnet that has a route to the internet"
    if extra := _ends(setup["job_egress"]) - {words["s3_list"], words["door"]}:
        yield f"the group of its job lets out to {', '.join(sorted(extra))}"
    if extra := _ends(setup["door_ingress"]) - {words["jobs"]}:
        yield f"the group of its interface endpoint lets in {', '.join(sorted(extra))}"
    for rule in (*setup["job_egress"], *setup["door_ingress"]):
        if (rule.get("FromPort"), rule.get("ToPort")) != HTTPS:
            yield "a rule is about more than port 443"


def _ends(rules: list[dict]) -> set[str]:
    """The ids of groups and lists, and the ranges, that rules name."""
    return {str(value) for rule in rules for member in MEMBERS for each in rule.get(member, ()) for value in each.values()}


def _through_endpoint(answer: Answer, setup: dict, words: dict[str, str]) -> Iterator[str]:
    policy = setup["s3_endpoint"].get("PolicyDocument")
    if not isinstance(policy, dict):
        yield "its S3 endpoint has no policy, so it leads to every bucket"
        return
    text, arn, folder = as_limit(policy["Statement"]), f"arn:aws:s3:::{words['bucket']}", setup["folder"]
    cases = [
        ("s3:PutObject", f"{arn}-2/masked/a.csv", "writing to other buckets"),
        ("s3:GetObject", f"{arn}-2/{folder}/a.csv", "reading other buckets"),
        ("s3:ListBucket", f"{arn}-2", "listing other buckets"),
        ("s3:GetObject", f"{arn}/claims/a.csv", "reading other folders"),
        ("s3:PutObject", f"{arn}/{folder}/a.csv", "writing among the records"),
        ("s3:DeleteObject", f"{arn}/masked/a.csv", "deleting objects"),
        ("s3:PutBucketPolicy", arn, "changing the bucket's policy"),
    ]
    for action, where, said in cases:
        if allows(answer.client("iam"), text, action, where):
            yield f"its S3 endpoint's policy allows {said}"


def _into_bucket(answer: Answer, setup: dict, words: dict[str, str]) -> Iterator[str]:
    text = as_identity(setup["bucket"]["Statement"])
    for action, said in {"s3:GetObject": "reading", "s3:PutObject": "writing"}.items():
        where = f"arn:aws:s3:::{words['bucket']}/{setup['folder']}/a.csv"
        if allows(answer.client("iam"), text, action, where):
            yield f"its bucket policy allows {said} from outside the VPC"
        elif allows(answer.client("iam"), text, action, where, {"aws:SourceVpce": "vpce-0123456789abcdef0"}):
            yield f"its bucket policy allows {said} through other endpoints"
