"""What a leaked key reaches, before and after the learner's session policy (m13_1_ex4)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report

from .m13_1_policies import written
from .m13_1_world import Client, World, document, refused

ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging")
CALLS = {"s3:GetObject": "get_object", "s3:PutObject": "put_object", "s3:DeleteObject": "delete_object"}
FOLDERS = ("flights", "models", "passengers", "weather", "scores")
# The sets of actions of the used objects, and how many objects have each.
USED = ((("s3:GetObject",), 5), (("s3:GetObject", "s3:PutObject"), 4), (("s3:PutObject",), 2), (("s3:GetObject", "s3:DeleteObject"), 2))
UNUSED, SAID = 5, 300
Pair = tuple[str, str]


def judge_reach(answer: Answer, report: Report) -> None:
    """Compare the pairs that the learner's function finds with those that the role's policies were drawn to give."""
    rng = answer.rng
    with World(answer) as world:
        role, arns, reached = _drawn_role(rng, world)
        given = answer.call("reach", role, list(ACTIONS), arns)
    pairs = [tuple(each) for each in given if isinstance(each, (list, tuple)) and len(each) == 2]
    strange = len(given) - len(pairs)
    found = {pair for pair in pairs if all(isinstance(word, str) for word in pair)}
    said = f"The key reaches {len(reached)} of {len(ACTIONS) * len(arns)} pairs; your list has {len(reached & found)} of them"
    said += f", and {len(found - reached)} that it does not reach" + (f", and {strange} things that are no pairs." if strange else ".")
    if found == reached and len(given) > len(found):
        said += " Some pairs are there twice."
    report.part("reach", found == reached and len(given) == len(found), said)


def _drawn_role(rng: random.Random, world: World) -> tuple[str, list[str], set[Pair]]:
    """A role with two allows, a deny and a boundary; the ARNs to ask about, and the pairs that it reaches."""
    bucket = world.named("m13-leak")
    folders = rng.sample(FOLDERS, 4)
    objects = {folder: [f"arn:aws:s3:::{bucket}/{folder}/{number}.csv" for number in rng.sample(range(10, 99), 3)] for folder in folders}
    arns = [arn for each in objects.values() for arn in each]
    wide = rng.sample(folders, 3)
    few = rng.sample(ACTIONS, 2)
    single = objects[next(folder for folder in folders if folder not in wide)][:2]
    never_folder, never = wide[0], rng.choice(few)
    bound = [folder for folder in folders if folder != wide[1]]
    role = world.role(
        "m13-leaked",
        document(
            {"Effect": "Allow", "Action": few, "Resource": [f"arn:aws:s3:::{bucket}/{folder}/*" for folder in wide]},
            {"Effect": "Allow", "Action": "s3:*", "Resource": single},
            {"Effect": "Deny", "Action": never, "Resource": f"arn:aws:s3:::{bucket}/{never_folder}/*"},
        ),
    )
    limit = [f"arn:aws:s3:::{bucket}/{folder}/*" for folder in bound]
    world.limit(role, document({"Effect": "Allow", "Action": "s3:*", "Resource": limit}))
    allowed = {(action, arn) for folder in wide for arn in objects[folder] for action in few} | {
        (action, arn) for arn in single for action in ACTIONS
    }
    allowed -= {(never, arn) for arn in objects[never_folder]}
    return role, arns, {(action, arn) for action, arn in allowed if arn not in objects[wide[1]]}


def judge_session(answer: Answer, report: Report) -> None:
    """Take a wide role with the learner's session policy, and try every pair; reports the parts ``works`` and ``smaller``."""
    rng = answer.rng
    with World(answer) as world:
        bucket = world.bucket("m13-keys")
        arns = [f"arn:aws:s3:::{bucket}/{rng.choice(FOLDERS)}/part-{number}.csv" for number in rng.sample(range(100, 999), 13 + UNUSED)]
        used, left = [], iter(arns)
        for actions, count in USED:
            for arn in itertools.islice(left, count):
                used += [[action, arn] for action in actions]
        rng.shuffle(used)
        text = written(answer, "session_policy", used)
        for arn in arns:
            world.put(bucket, arn.partition("/")[2])
        everything = document({"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]})
        role = world.role("m13-wide", everything)
        try:
            client = world.session(role, Policy=text)
        except ClientError as error:
            said = f"STS does not take a session policy of {len(text)} characters: {error.response['Error']['Message'][:SAID]}"
            report.part("works", False, said)
            report.part("smaller", False, "Judged once the session works.")
            return
        reached = _reached(client, arns)
    _report(report, {(action, arn) for action, arn in used}, reached, len(arns) * len(CALLS))


def _reached(client: Client, arns: Iterable[str]) -> set[Pair]:
    s3, found, arns = client("s3"), set(), list(arns)
    for action, operation in CALLS.items():  # deletions last
        for arn in arns:
            bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
            more: dict[str, Any] = {"Body": b"2"} if operation == "put_object" else {}
            if not refused(getattr(s3, operation), Bucket=bucket, Key=key, **more):
                found.add((action, arn))
    return found


def _report(report: Report, used: set[Pair], reached: set[Pair], before: int) -> None:
    missing, extra = used - reached, reached - used
    said = f"{len(missing)} of the {len(used)} used calls are refused, for example {min(missing)}." if missing else ""
    report.part("works", not missing, said or "Every used call is allowed.")
    if missing:
        report.part("smaller", False, "Judged once every used call is allowed.")
        return
    said = f"Without your policy the key reaches {before} pairs, with it {len(reached)}; {len(used)} were used."
    report.part("smaller", 1 - min(1, 2 * len(extra) / (before - len(used))), said)
