"""m13_2: a locked bucket, three closed networks, personal data in records, and a place for health data."""

from course.grading import Answer, Exercise, Function, Report, Value

from .m13_2_lock import judge_lock
from .m13_2_masking import judge_columns, judge_notes, judge_pseudonyms, protected
from .m13_2_networks import judge_form, judge_repairs
from .m13_2_site import judge_design

ex1 = Exercise(
    id="m13_2_ex1",
    title="Lock a bucket",
    section="On the way to S3",
    pattern=9,
    parts={"stored": 0.5, "refused": 0.75, "transport": 0.5},
    evidence={"lock": Function("lock(bucket: str, key: str) -> None")},
    skills={"C01": ["1.3.K3", "4.3.S1", "4.3.K1"], "C02": ["4.3.2", "4.3.3"]},
    topics=["sec.encryption"],
    seconds=60,
    hints=(
        "Two calls, `put_bucket_encryption` and `put_bucket_policy`: one for what happens to an upload that says nothing, one for what is "
        "refused. A second policy replaces the first.",
        "A request that says nothing has no header, and so no condition key: your `Deny` must not hold then. And which ARN does a "
        "request to list have, which one a request to read?",
        'A `Deny` of `s3:PutObject` for each of the two headers, with `"Null": {header: "false"}` beside `"StringNotEquals": '
        '{header: ...}`. For TLS a `Deny` of `s3:*` on both ARNs, with `"Bool"`.',
    ),
)

ex2 = Exercise(
    id="m13_2_ex2",
    title="Mend three closed networks",
    section="A network without internet",
    pattern=4,
    parts={"form": 0.25, "works": 1.25, "closed": 1.0, "smallest": 0.5},
    evidence={"repairs": Value(dict)},
    skills={"C01": ["4.3.S5", "4.3.S4", "4.3.K3", "4.3.K2"], "C02": ["4.3.6", "4.3.5"]},
    topics=["sec.network"],
    seconds=60,
    hints=(
        "How far did the job come? It fetches code and records from S3, asks for the secret, and stores the result, in this order.",
        "Follow one request from the job to its end: subnet, route table, security group, endpoint, the endpoint's policy, the bucket's. "
        "Read each value of the set-up beside the table.",
        'One entry: `repairs["job-9"] = {"job_egress.0.FromPort": 443}`. A timeout means that something does not lead there; AccessDenied '
        "means that a policy keeps it out.",
    ),
)

ex3 = Exercise(
    id="m13_2_ex3",
    title="Take the person out of a record",
    section="What is personal",
    pattern=5,
    parts={"columns": 0.25, "pseudonym": 0.75, "notes": 1.5},
    evidence={"protect": Function("protect(record: dict, key: str) -> dict")},
    skills={"C01": ["1.3.K4", "1.3.K5"], "C02": ["1.2.8"]},
    topics=["prep.privacy"],
    seconds=30,
    hints=(
        "One regular expression for each kind, and two for what this record's columns say. What must not stand before and after a match?",
        "`re.sub` takes a function, too: it gets the match, and returns the new text or the old one. For the pseudonym see `hmac.new`.",
        r"A phone in groups: `(?<![\d-])\d{3}[ -]\d{3}[ -]\d{4}(?![\d-])`. A card: `(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)`, and then "
        "`privacy.luhn(match[0])`. A name: `re.sub(re.escape(name), ..., "
        "flags=re.IGNORECASE)`. A pseudonym: `hmac.new(key.encode(), number.encode(), hashlib.sha256).hexdigest()[:16]`.",
    ),
)

ex4 = Exercise(
    id="m13_2_ex4",
    title="Stretch: a place for health data",
    section="Health data",
    pattern=9,
    parts={"runs": 0.5, "readers": 0.5, "transport": 0.25, "public": 0.25, "key": 0.5, "endpoint": 0.25, "job": 0.5},
    evidence={"design": Function("design(site: dict) -> dict")},
    skills={"C01": ["4.3.S1", "4.3.S5", "4.3.K2", "1.3.K5"], "C02": ["4.3.2", "4.3.6", "4.3.7"]},
    topics=["sec.design", "sec.encryption", "sec.network"],
    seconds=60,
    hints=(
        "Write one document after the other, each with as few statements as the requirements need. Begin with those that let the job run.",
        "A `Deny` with two conditions applies only if both hold. A key policy that names the account leaves the key to everybody's "
        "identity policies.",
        'For the readers two `Deny`s: one with `"ArnNotEquals": {"aws:PrincipalArn": ...}`, one with `"StringNotEquals": '
        '{"aws:SourceVpce": ...}`. The key\'s statement for the job has `"StringEquals": {"kms:ViaService": '
        '"s3.<region>.amazonaws.com"}`.',
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("locks a bucket by your function, and sends it requests")
    judge_lock(answer, report)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        report.doing("builds the three networks with your changes and runs their jobs")
        judge_repairs(answer, report)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("gives your function records of passengers")
    key, results = protected(answer)
    if judge_columns(report, results):
        judge_pseudonyms(answer, report, key, results)
        judge_notes(report, results)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("builds a place for health data by your documents")
    judge_design(answer, report)
