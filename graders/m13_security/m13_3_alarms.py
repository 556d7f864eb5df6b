"""Events that a rule must hear of, and events that it must not (m13_3_ex3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Report
from course.grading.short_repr import cut

from .m13_3_records import REGION, Caller, Records

PEOPLE = ("dana", "marco", "noor", "pavel", "rosa")
ROLES = ("team", "training", "analysts", "nightly")
DEPLOYERS = ("deploy", "rollout", "release", "shipping")
WEAKEN = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors")
BY_CLOUDTRAIL = "AWS API Call via CloudTrail"
SAID, SHOWN = 300, 4


@dataclass(frozen=True)
class Case:
    """An event, the part that it belongs to, and whether the rule must hear of it."""

    part: str
    said: str
    wanted: bool
    event: dict[str, Any]


def judge_pattern(answer: Answer, report: Report) -> None:
    """Test the learner's pattern on unseen events; reports all parts of m13_3_ex3."""
    make = Records(answer.rng, answer.client("sts").get_caller_identity()["Account"])
    role = f"arn:aws:iam::{make.account}:role/{answer.rng.choice(DEPLOYERS)}-{answer.rng.randint(10, 99)}"
    pattern = _written(answer, role)
    wrong: dict[str, list[str]] = {"deletions": [], "trail": [], "quiet": []}
    heard: dict[str, list[bool]] = {"deletions": [], "trail": []}
    own = False  # whether the pattern matches the deploy role's own deletions
    for case in drawn_cases(make, role):
        matched = _heard(answer, pattern, case.event)
        own |= matched and case.part == "deletions" and not case.wanted
        if case.wanted:
            heard[case.part].append(matched)
        if matched != case.wanted:
            wrong[case.part].append(f"{'Not heard' if case.wanted else 'Heard by mistake'}: {case.said}.")
    for part, said in wrong.items():
        if part != "deletions" and own:
            report.part(part, False, "Judged once your pattern does not match deletions by the deploy role.")
        elif part == "quiet" and any(2 * sum(each) < len(each) for each in heard.values()):
            report.part(part, False, "Judged once your pattern matches half of the events of each row.")
        else:
            report.part(part, not said, " ".join(said[:SHOWN]) or "As it should be.")


def _written(answer: Answer, role: str) -> str:
    pattern = answer.call("alarm_pattern", role)
    try:
        return json.dumps(pattern, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AnswerError(f"The pattern cannot be written as JSON: {error}. Expected text, lists and dicts.") from None


def _heard(answer: Answer, pattern: str, event: dict) -> bool:
    try:
        return answer.client("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]
    except ClientError as error:
        raise AnswerError(f"EventBridge does not take the pattern: {cut(error.response['Error']['Message'], SAID)}") from None


def _event(make: Records, record: dict, source: str = "", kind: str = BY_CLOUDTRAIL) -> dict[str, Any]:
    return {
        "version": "0",
        "id": record["eventID"],
        "detail-type": kind,
        "source": source or f"aws.{record['eventSource'].partition('.')[0]}",
        "account": make.account,
        "time": record["eventTime"],
        "region": REGION,
        "resources": [],
        "detail": record,
    }


def drawn_cases(make: Records, deploy: str) -> Iterator[Case]:
    rng, account = make.rng, make.account
    person = make.user(rng.choice(PEOPLE))
    role = f"arn:aws:iam::{account}:role/{rng.choice(ROLES)}"
    session, deployer = make.session(role, rng.choice(PEOPLE)), make.session(deploy, "pipeline")
    similar = make.session(f"{deploy}-test", "pipeline")
    disguised = make.session(role, deploy.rpartition("/")[2])
    root = Caller(f"arn:aws:iam::{account}:root", make.key("AKIA"))
    callers = {
        "a user": person,
        "a session of another role": session,
        "the root user": root,
        "a role whose name only begins like the deploy role's": similar,
        "a session of another role that has the deploy role's name": disguised,
    }

    def deletion(caller: Caller, what: str, service: str = "sagemaker", error: str = "") -> dict:
        named = {f"{what[0].lower()}{what[1:]}Name": f"{what.lower()}-{rng.randint(100, 999)}"}
        return make.record(caller, service, f"Delete{what}", named, error=error)

    for who, caller in callers.items():
        for what in ("Model", "Endpoint"):
            yield Case("deletions", f"Delete{what} by {who}", True, _event(make, deletion(caller, what)))
    for what in ("Model", "Endpoint"):
        yield Case("deletions", f"Delete{what} by the deploy role", False, _event(make, deletion(deployer, what)))
    for name in WEAKEN:
        for who, caller in {"a user": person, "the deploy role": deployer}.items():
            for error in ("", "AccessDenied"):
                record = make.record(caller, "cloudtrail", name, {"name": "all-calls"}, error=error)
                yield Case("trail", f"{name} by {who}, {'refused' if error else 'which succeeded'}", True, _event(make, record))
    for name in ("StartLogging", "CreateTrail", "AddTags"):
        record = make.record(person, "cloudtrail", name, {"name": "all-calls"})
        yield Case("trail", f"{name}, which does not weaken a trail", False, _event(make, record))
    for what in ("Model", "Endpoint"):
        yield Case("quiet", f"Delete{what} that was refused", False, _event(make, deletion(person, what, error="AccessDeniedException")))
        missing = deletion(session, what, error="ValidationException")
        yield Case("quiet", f"Delete{what} of something that does not exist", False, _event(make, missing))
    for what in ("EndpointConfig", "ModelPackage", "ModelBiasJobDefinition"):
        yield Case("quiet", f"Delete{what}, which deletes no model and no endpoint", False, _event(make, deletion(session, what)))
    for what, service in {"Model": "apigateway", "Endpoint": "dms"}.items():
        said = f"Delete{what} of another service, {service}.amazonaws.com"
        yield Case("quiet", said, False, _event(make, deletion(session, what, service)))
    yield Case("quiet", "CreateModel", False, _event(make, make.record(person, "sagemaker", "CreateModel", {"modelName": "late"})))
    forged = _event(make, deletion(person, "Model"), source="my.program")
    yield Case("quiet", "an event of a program, with a source of its own and the same detail", False, forged)
