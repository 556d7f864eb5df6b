"""m13_1: an execution role's policy, a data scientist's, three refused calls, and what a leaked key reaches."""

from course.grading import Answer, Exercise, Function, Report, Value

from .m13_1_broken import judge_form, judge_repairs
from .m13_1_job import judge_job
from .m13_1_leak import judge_reach, judge_session
from .m13_1_person import judge_person

ex1 = Exercise(
    id="m13_1_ex1",
    title="The policy of a training job",
    section="What a training job needs",
    pattern=9,
    parts={"job": 0.5, "refused": 2.0, "logs": 0.5},
    evidence={"job_policy": Function("job_policy(job: dict) -> dict")},
    skills={"C01": ["4.3.S1", "4.3.S2", "4.3.K1"], "C02": ["4.3.2", "4.3.3"]},
    topics=["sec.iam", "sec.encryption"],
    seconds=60,
    hints=(
        "One statement for each row of the table. Which of them is about the bucket, and not about objects in it?",
        "The objects of a folder are `arn:aws:s3:::bucket/folder/*`: with the slash. `s3:ListBucket` acts on `arn:aws:s3:::bucket`, so "
        "only a condition on `s3:prefix` keeps it to a folder.",
        '`{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{job[\'bucket\']}", "Condition": {"StringLike": '
        '{"s3:prefix": f"{job[\'data\']}/*"}}}`; and for the key a condition `StringEquals` on `kms:ViaService`, '
        "`s3.<region>.amazonaws.com`.",
    ),
)

ex2 = Exercise(
    id="m13_1_ex2",
    title="What a data scientist may start",
    section="Which role a job may use",
    pattern=5,
    parts={"practice": 0.25, "guard": 1.75},
    evidence={"scientist_policy": Function("scientist_policy(team: dict) -> dict")},
    skills={"C01": ["4.3.S1", "4.3.S2", "4.3.K1"], "C02": ["4.3.2", "4.3.3"]},
    topics=["sec.iam", "sec.encryption"],
    seconds=60,
    hints=(
        "Three statements: one to create, one to look and stop, one to pass the role. Each condition belongs to one of them.",
        "A job may have several instance types. What must be true: that one of them is allowed, or that all are? And what does a condition "
        "on a key do in a request that does not have it?",
        '`"Condition": {"ForAllValues:StringEquals": {"sagemaker:InstanceTypes": [...]}, "ArnEquals": {"sagemaker:VolumeKmsKeyArn": ...}}`'
        '; for the role `"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}`.',
    ),
)

ex3 = Exercise(
    id="m13_1_ex3",
    title="Mend three refused calls",
    section="Three calls that are refused",
    pattern=4,
    parts={"form": 0.25, "works": 1.25, "closed": 1.0, "smallest": 0.5},
    evidence={"repairs": Value(dict)},
    skills={"C01": ["4.3.S4", "4.3.S1", "4.3.K1"], "C02": ["4.3.5", "4.3.2"]},
    topics=["sec.iam", "sec.encryption"],
    seconds=60,
    hints=(
        "The error says which action was refused, and by which kind of policy. An explicit deny is a statement that applies; the other "
        "words mean that no statement applies.",
        "Write down the request: action, ARN, who, region, through which service, under which key. Then read each line of that one policy "
        "beside it.",
        'One entry: `repairs["call-9"] = {"key.Statement.0.Resource": "*"}`. Two of the three policies limit; a `Deny` with an operator '
        "such as `StringNotEquals` applies when the request has another value.",
    ),
)

ex4 = Exercise(
    id="m13_1_ex4",
    title="Stretch: make a leaked key reach less",
    section="What a leaked access key reaches",
    pattern=5,
    parts={"reach": 0.75, "works": 0.25, "smaller": 1.0},
    evidence={
        "reach": Function("reach(role_arn: str, actions: list, arns: list) -> list"),
        "session_policy": Function("session_policy(used: list) -> dict"),
    },
    skills={"C01": ["4.3.S1", "4.3.S3", "4.3.K1"], "C02": ["4.3.2", "4.3.4"]},
    topics=["sec.blast_radius", "sec.iam"],
    seconds=60,
    hints=(
        "The simulator evaluates all actions on all ARNs at once; where does its answer say what holds for one ARN? For the policy: which "
        "pairs can share a statement, so that it allows nothing else?",
        "`ResourceSpecificResults` of each result. One statement for each action is enough, if its list of ARNs is exact; one statement "
        "for each pair is too long.",
        '`if each["EvalResourceDecision"] == "allowed"`. Make a dict from actions to lists of ARNs; each entry of it is a statement. If '
        "that is too long, let objects with the same set of actions share a statement.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("runs a training job as a role with your policy")
    judge_job(answer, report)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("makes a data scientist with your policy")
    judge_person(answer, report, "practice")


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        report.doing("builds the three set-ups with your changes and sends their calls")
        judge_repairs(answer, report)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("counts what a leaked key reaches")
    judge_reach(answer, report)
    judge_session(answer, report)
