"""People who delete models, with and without roles, and who is to be found in the event history (m13_3_ex1)."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Report
from course.grading.short_repr import cut

from .m13_1_job import IMAGE
from .m13_1_world import Client, World, document, when_known

KINDS = {
    "person": "the ARN of an IAM user",
    "role": "the ARN of a role, or None",
    "access_key": "the id of an access key of the user",
    "event": "the eventID of a deletion",
}
NAMES = ("aisha", "bruno", "chiara", "dmitri", "elif", "farid", "greta", "hana")
DELETING = {"Effect": "Allow", "Action": ["sagemaker:DeleteModel", "sts:AssumeRole"], "Resource": "*"}
PATH = "/release/"  # of a role; the ARNs of its sessions do not have it
NOISE = 52  # more than LookupEvents returns in a page
SAID = 200
LOOKS, EVERY = 60, 15  # on AWS an event comes minutes after its call


@dataclass(frozen=True)
class Person:
    """A user with two access keys, of which they use one."""

    arn: str
    key: str
    client: Client

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass
class Case:
    """A model that is gone: who deleted it, and what a wrong finding means."""

    part: str
    model: str
    said: str
    person: Person
    role: str | None
    request: str
    mistakes: Mapping[str, str] = field(default_factory=dict)  # a value of a wrong answer -> what it is
    events: Mapping[str, str] = field(default_factory=dict)  # a request that is not the answer -> what it is


class Incident(World):
    """A world with users, and with roles that they assume."""

    def user(self, name: str, statement: Mapping[str, Any]) -> Person:
        iam, named = self._client("iam"), self.named(name)
        arn = iam.create_user(UserName=named)["User"]["Arn"]
        self.callback(iam.delete_user, UserName=named)
        iam.put_user_policy(UserName=named, PolicyName="own", PolicyDocument=document(dict(statement)))
        self.callback(iam.delete_user_policy, UserName=named, PolicyName="own")
        made = []
        for _ in range(2):
            made.append(iam.create_access_key(UserName=named)["AccessKey"])
            self.callback(iam.delete_access_key, UserName=named, AccessKeyId=made[-1]["AccessKeyId"])
        return Person(arn, made[1]["AccessKeyId"], self.acting(made[1]))

    def assumed(self, caller: Client, role: str, session: str) -> Client:
        asked = {"RoleArn": role, "RoleSessionName": session}
        return self.acting(when_known(lambda: caller("sts").assume_role(**asked)["Credentials"]))

    def model(self, name: str, role: str) -> str:
        sagemaker, named = self._client("sagemaker"), self.named(name)
        sagemaker.create_model(ModelName=named, ExecutionRoleArn=role, PrimaryContainer={"Image": IMAGE})
        return named


def judge_deletions(answer: Answer, report: Report) -> None:
    """Play all cases, and compare what the learner's function finds; reports all parts of m13_3_ex1."""
    with Incident(answer) as world:
        cases = _played(answer.rng, world)
        ids = _event_ids(answer.client("cloudtrail"), cases)
        for case in cases:
            problem = _problem(answer, case, ids)
            report.part(case.part, not problem, problem or "The right person, role, access key and event.")


def _problem(answer: Answer, case: Case, ids: Mapping[str, str]) -> str:
    """What is wrong with the learner's finding on a case; ``""`` if nothing is."""
    try:
        found = answer.call("deleted_by", case.model)
    except AnswerError as error:
        if error.unanswered or error.timed_out:
            raise
        return f"{case.said} {error}"
    if missing := [name for name in KINDS if name not in found]:
        return f"{case.said} The result has no {', '.join(missing)}; it has {cut(', '.join(map(str, found)), SAID)}."
    truth = {"person": case.person.arn, "role": case.role, "access_key": case.person.key, "event": ids[case.request]}
    mistakes = dict(case.mistakes) | {ids[request]: what for request, what in case.events.items()}
    for name in ("event", "person", "role", "access_key"):
        if found[name] != truth[name]:
            got = cut(repr(found[name]), SAID)
            known = mistakes.get(found[name], "") if isinstance(found[name], str) else ""
            return f"{case.said} `{name}` is {got}; " + (known or f"expected {KINDS[name]}, of somebody or something else here.")
    return ""


def _event_ids(cloudtrail: Any, cases: list[Case]) -> dict[str, str]:
    """The ids of the deletions' events, by the ids of their requests."""
    wanted = {case.request for case in cases} | {request for case in cases for request in case.events}
    asked = [{"AttributeKey": "EventName", "AttributeValue": "DeleteModel"}]
    for look in range(LOOKS):
        found: dict[str, str] = {}
        for page in cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=asked):
            records = [json.loads(event["CloudTrailEvent"]) for event in page["Events"]]
            found |= {each["requestID"]: each["eventID"] for each in records if each["requestID"] in wanted}
            if wanted <= found.keys():
                return found
        if look:
            time.sleep(EVERY)
    raise AnswerError("CloudTrail does not show the events of this check yet. Run the check again later.")


def _deleted(client: Client, model: str) -> str:
    """Try to delete a model. Returns the id of the request."""
    try:
        answered = client("sagemaker").delete_model(ModelName=model)
    except ClientError as error:
        answered = error.response
    return answered["ResponseMetadata"]["RequestId"]


def _played(rng: random.Random, world: Incident) -> list[Case]:
    names = rng.sample(NAMES, 4)
    people = [world.user(name, DELETING) for name in names[:3]]
    rng.shuffle(people)
    direct, behind, colleague = people
    weak = world.user(names[3], DELETING | {"Action": "sagemaker:DescribeModel"})
    team, release = world.role("m13-team", document(DELETING)), world.role("m13-release", document(DELETING), Path=PATH)
    nobody = {colleague.arn: "that is the user of the session's name. Who assumes a role chooses this name."}
    unasked = {weak.arn: "this person's call was refused.", weak.key: "this key's call was refused."}
    return [
        _busy(world, team, direct, colleague, behind),
        _direct(world, team, direct, behind),
        _session(world, team, behind, nobody | unasked, colleague),
        _chain(world, team, release, behind, nobody, colleague),
        _again(world, team, direct, colleague),
        _refused(world, team, behind, direct, weak, unasked),
    ]


def _busy(world: Incident, team: str, person: Person, *others: Person) -> Case:
    """More than a page of failed calls, and of sessions, comes after the deletion."""
    model = world.model("m13-busy", team)
    request = _deleted(world.assumed(person.client, team, "nightly"), model)
    for _ in range(NOISE):
        _deleted(others[0].client, model)
        others[0].client("sts").assume_role(RoleArn=team, RoleSessionName="nightly")
    said = f"{model} was deleted before {NOISE} failed calls and {NOISE} other sessions, more than LookupEvents returns at once."
    same = "this session has the same name and the same role, but another access key."
    mistakes = {word: same for other in others for word in (other.arn, other.key)}
    return Case("pages", model, said, person, team, request, mistakes)


def _direct(world: Incident, team: str, person: Person, other: Person) -> Case:
    model = world.model("m13-direct", team)
    world.assumed(other.client, team, "nightly")
    return Case("user", model, f"{model} was deleted by a user without a role.", person, None, _deleted(person.client, model))


def _session(world: Incident, team: str, person: Person, mistakes: Mapping[str, str], colleague: Person) -> Case:
    model = world.model("m13-session", team)
    request = _deleted(world.assumed(person.client, team, colleague.name), model)
    return Case("session", model, f"{model} was deleted by a session of a role.", person, team, request, mistakes)


def _chain(world: Incident, team: str, release: str, person: Person, mistakes: Mapping[str, str], colleague: Person) -> Case:
    model = world.model("m13-chain", team)
    middle = world.assumed(person.client, team, "deploy")
    request = _deleted(world.assumed(middle, release, colleague.name), model)
    between = f"arn:aws:sts::{world.account}:assumed-role/{team.rpartition('/')[2]}/deploy"
    middles = {
        team: "this role was assumed first, and did not delete anything.",
        release.replace(PATH, "/"): "this role has a path, which the ARN of its session does not show. `sessionIssuer` has the role's ARN.",
        between: "that is a session. A chain can have more than one role.",
    }
    said = f"{model} was deleted by a session that another session opened."
    return Case("chain", model, said, person, release, request, {**mistakes, **middles})


def _again(world: Incident, team: str, person: Person, first: Person) -> Case:
    model = world.model("m13-again", team)
    before = _deleted(first.client, model)
    world.model("m13-again", team)
    said = f"{model} was deleted, made again, and deleted."
    events = {before: "that is the first deletion, after which the model was made again."}
    return Case("again", model, said, person, None, _deleted(person.client, model), events=events)


def _refused(world: Incident, team: str, person: Person, late: Person, weak: Person, mistakes: Mapping[str, str]) -> Case:
    model = world.model("m13-refused", team)
    early = _deleted(weak.client, model)
    request = _deleted(world.assumed(person.client, team, "tidy-up"), model)
    again, after = _deleted(weak.client, model), _deleted(late.client, model)
    failed = "that call failed: its event has an `errorCode`."
    said = f"{model} was deleted once, and some calls for it failed."
    return Case("refused", model, said, person, team, request, mistakes, dict.fromkeys((early, again, after), failed))
