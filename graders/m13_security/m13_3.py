"""m13_3: who deleted a model, what a leaked key reached, a rule that hears of the next one, and a job without a key in it."""

from course.grading import Answer, Exercise, Function, Report

from .m13_3_alarms import judge_pattern
from .m13_3_incident import judge_deletions
from .m13_3_log_files import judge_reached
from .m13_3_secret import judge_hidden_keys

ex1 = Exercise(
    id="m13_3_ex1",
    title="Who deleted the model",
    section="From a session to a person",
    pattern=8,
    parts={"user": 0.5, "session": 0.5, "chain": 0.5, "refused": 0.5, "again": 0.5, "pages": 0.5},
    evidence={"deleted_by": Function("deleted_by(model: str) -> dict")},
    skills={"C01": ["4.3.S3", "4.3.S4", "4.2.K3"], "C02": ["4.3.4", "4.3.5"]},
    topics=["sec.audit"],
    seconds=120,
    hints=(
        "Two questions: which event is the deletion, and who opened the session that made it? Ask again until it is a user.",
        "Look up by `ResourceName`: the model, and then the `accessKeyId` of the session. A paginator reads all pages. A user's event "
        "has no `sessionContext`.",
        '`while identity["type"] == "AssumedRole":` look up the AssumeRole whose `responseElements["credentials"]["accessKeyId"]` is '
        '`identity["accessKeyId"]`, and go on with its `userIdentity`. The role is `sessionContext.sessionIssuer.arn` of the deletion.',
    ),
)

ex2 = Exercise(
    id="m13_3_ex2",
    title="What the leaked key reached",
    section="What a key was used for",
    pattern=8,
    parts={"own": 0.5, "refused": 0.25, "others": 0.5, "sessions": 0.5, "chains": 0.5, "objects": 0.25},
    evidence={"reached": Function("reached(place: str, access_key: str) -> list")},
    skills={"C01": ["4.3.S3", "4.2.S2", "4.2.K3"], "C02": ["4.3.4"]},
    topics=["sec.blast_radius", "sec.audit"],
    seconds=120,
    hints=(
        "First find all access keys that belong to the leak, then all calls of these keys. How do you know when no key is missing?",
        "The AssumeRole events give pairs of keys: the caller's, and the new session's. A refused one has no `responseElements`. Go over "
        "all pairs again until the set of keys does not grow.",
        '`while new := {child for parent, child in opened if parent in keys} - keys: keys |= new`. Then keep records with `"key"` in '
        "`requestParameters`, a known `accessKeyId` and no `errorCode`; the ARN is in `resources`, with the type `AWS::S3::Object`.",
    ),
)

ex3 = Exercise(
    id="m13_3_ex3",
    title="Hear of the next one",
    section="Hear of the next one",
    pattern=5,
    parts={"deletions": 1.0, "trail": 0.75, "quiet": 0.75},
    evidence={"alarm_pattern": Function("alarm_pattern(deploy_role: str) -> dict")},
    skills={"C01": ["4.3.S3", "4.2.K3", "4.2.S4"], "C02": ["4.3.4"]},
    topics=["sec.audit"],
    seconds=60,
    hints=(
        "The two rows of the table have different conditions. Which field of a pattern lets you write two sets of conditions?",
        "`$or` takes a list of patterns. `anything-but` needs the field to be there: what do the events of a user and of root not have?",
        '`"detail": {"$or": [{"eventSource": [...], "eventName": [...], "errorCode": [{"exists": False}], ...}, {...}]}`; for the role '
        '`[{"anything-but": deploy_role}, {"exists": False}]` on `userIdentity.sessionContext.sessionIssuer.arn`.',
    ),
)

ex4 = Exercise(
    id="m13_3_ex4",
    title="Stretch: a job without a key in it",
    section="How the key got out",
    pattern=9,
    parts={"runs": 0.75, "hidden": 0.5, "rights": 0.75},
    evidence={"hide": Function("hide(request: dict) -> dict")},
    skills={"C01": ["4.3.S2", "4.3.K1", "4.3.K2"], "C02": ["4.3.3", "4.3.7"]},
    topics=["sec.secrets"],
    seconds=60,
    hints=(
        "Three things change: there is a new secret, the role has a second policy, and the request has a name where it had a key.",
        "`create_secret` returns the ARN that the policy needs; another secret may have a name that begins like yours. An inline policy of "
        "the same name is replaced, and the role has one called `own`.",
        '`iam.put_role_policy(RoleName=request["RoleArn"].rpartition("/")[2], PolicyName="secret", ...)` with `GetSecretValue` on that '
        'ARN. In the request `"WEATHER_SECRET": name`, no `WEATHER_KEY`, and only arguments without the key.',
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("lets several people delete models")
    judge_deletions(answer, report)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("writes log files of a leak")
    judge_reached(answer, report)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("tests your pattern on events")
    judge_pattern(answer, report)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("starts the jobs of two teams by your requests")
    judge_hidden_keys(answer, report)
