"""Log files of a trail after a key has leaked, and what the key reached (m13_3_ex2)."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_world import World
from .m13_3_records import REGION, Caller, Records

FOLDERS = ("passengers", "flights", "models", "payroll", "weather", "contracts")
STRANGE = ("fares 2026/a+b.csv", "Zürich/part 1.csv", "100%/delays.csv", "a%20b/list.csv", "it's/notes.csv")
EVENTS = ("GetObject", "HeadObject", "PutObject", "DeleteObject")
FAILED = ("AccessDenied", "NoSuchKey")
OPENED = (("sessions", "session", "a session that the key opened"), ("chains", "chain", "sessions that were opened by such a session"))
SAID = 200
Pair = tuple[str, str]


@dataclass
class Leak:
    """What happened: the records, the leaked key, and pairs by what they are."""

    key: str
    records: list[dict] = field(default_factory=list)
    pairs: dict[str, set[Pair]] = field(default_factory=dict)

    def add(self, kind: str, record: dict) -> None:
        self.records.append(record)
        arns = [each["ARN"] for each in record["resources"] if each["type"] == "AWS::S3::Object"]
        self.pairs.setdefault(kind, set()).update((record["eventName"], arn) for arn in arns)


# For a part, the pairs that must not be in the list, and what they are.
UNWANTED = {
    "refused": {"refused": "were refused or failed: their events have an `errorCode`"},
    "others": {
        "second": "were made with the other access key of the same user",
        "namesake": "are of a session of the same role with the same name, which another key opened",
        "stranger": "are of other people",
    },
}


def judge_reached(answer: Answer, report: Report) -> None:
    """Write log files, and compare the pairs that the learner's function finds; reports all parts of m13_3_ex2."""
    with World(answer) as world:
        bucket = world.bucket("m13-trail")
        leak = drawn_leak(answer.rng, world.account, world.named("m13-lake"))
        for name, text in files(answer.rng, leak.records, world.account):
            world.put(bucket, name, text)
        given = answer.call("reached", f"s3://{bucket}/AWSLogs/{world.account}/CloudTrail/", leak.key)
    found = {
        tuple(each) for each in given if isinstance(each, (list, tuple)) and len(each) == 2 and all(isinstance(word, str) for word in each)
    }
    if not report.part("own", *_own(leak, given, found)):
        for part in ("refused", "others", "sessions", "chains", "objects"):
            report.part(part, False, "Judged once the list has the calls of the key itself.")
        return
    for part in ("refused", "others"):
        said = [f"{_counted(found & leak.pairs[kind])} {what}." for kind, what in UNWANTED[part].items() if found & leak.pairs[kind]]
        report.part(part, not said, " ".join(said) or "None of them is in the list.")
    foreign = found & leak.pairs["namesake"]
    for part, kind, what in OPENED:
        wanted = leak.pairs[kind]
        said = f"The list has {len(found & wanted)} of {len(wanted)} pairs of {what}."
        if part == "chains":
            said += " The files are in no order: an event can lie before the AssumeRole that opened its session."
        if foreign:
            said = "The list has pairs of a session that another key opened. Follow the access keys, and not the names of sessions."
        report.part(part, wanted <= found and not foreign, said)
    report.part("objects", *_objects(leak, given, found))


def _own(leak: Leak, given: list, found: set) -> tuple[bool, str]:
    own = leak.pairs["own"]
    if strange := [each for each in given if not isinstance(each, (list, tuple)) or len(each) != 2]:
        return False, f"The list has {cut(repr(strange[0]), SAID)}; expected pairs of an event's name and the ARN of an object."
    said = f"The list has {len(found & own)} of {len(own)} pairs of the leaked key's own calls"
    names = sorted({str(name) for name, _ in found} - {*EVENTS, "ListObjects"})
    said += f". `{cut(names[0], SAID)}` is no event's name, such as `GetObject`." if names else "."
    return own <= found, said


def _objects(leak: Leak, given: list, found: set) -> tuple[bool, str]:
    strange = leak.pairs["strange"]
    if not strange <= found:
        said = f"The list has {len(found & strange)} of {len(strange)} objects with special characters in their names."
        return False, f"{said} Take the names as the records have them."
    if found & leak.pairs["listing"]:
        return False, "ListObjects is in the list. It lists a bucket, and reaches no object."
    every = set().union(*leak.pairs.values())
    if extra := found - every:
        return False, f"{_counted(extra)} are of no event on an object, such as {cut(repr(min(extra, key=str)), SAID)}."
    return len(given) == len(found), f"The list has {len(given)} pairs, and {len(found)} different ones; give each pair once."


def _counted(pairs: set) -> str:
    return f"{len(pairs)} of your pairs"


def drawn_leak(rng: random.Random, account: str, lake: str) -> Leak:
    """A leaked key of a user, what it and its sessions did, and what others did meanwhile."""
    make = Records(rng, account)
    numbers = iter(rng.sample(range(100, 999), 60))
    strange = iter(rng.sample(STRANGE, 3))
    user, other = make.user("dana"), make.user("marco")
    second = Caller(user.arn, make.key("AKIA"))
    team, release = f"arn:aws:iam::{account}:role/team", f"arn:aws:iam::{account}:role/release"
    leak = Leak(user.key)

    def calls(kind: str, caller: Caller, count: int, error: bool = False) -> None:
        for _ in range(count):
            name = f"{rng.choice(FOLDERS)}/{next(numbers)}.csv"
            leak.add(kind, make.on_object(caller, rng.choice(EVENTS), lake, name, rng.choice(FAILED) if error else ""))

    calls("own", user, rng.randint(3, 5))
    opened, session = make.assumed(user, team, "nightly")
    leak.records += [opened, make.refused_role(user, release)]
    calls("session", session, rng.randint(3, 5))
    opened, inner = make.assumed(session, release, "marco")
    leak.records.append(opened)
    calls("chain", inner, rng.randint(2, 4))
    opened, innermost = make.assumed(inner, team, "nightly")
    leak.records.append(opened)
    calls("chain", innermost, rng.randint(2, 4))
    calls("refused", user, 2, error=True)
    calls("refused", session, 2, error=True)
    calls("refused", innermost, 1, error=True)
    calls("second", second, rng.randint(2, 4))
    for caller in (second, other):
        opened, namesake = make.assumed(caller, team, "nightly")
        leak.records.append(opened)
        calls("namesake", namesake, 2)
    calls("stranger", other, rng.randint(2, 4))
    for name in strange:
        leak.add("strange", make.on_object(rng.choice((user, session)), rng.choice(EVENTS), lake, name))
    for caller in (user, inner):
        leak.add("listing", make.listing(caller, lake, f"{rng.choice(FOLDERS)}/"))
    leak.records.append(make.record(user, "s3", "GetBucketPolicy", {"bucketName": lake}))
    leak.records.append(make.record(user, "sagemaker", "ListModels", {}))
    again = rng.choice([each for each in leak.records if each["eventName"] in EVENTS and each["userIdentity"]["accessKeyId"] == user.key])
    leak.records.append(make.record(user, "sagemaker", "DescribeModel", {"modelName": "late"}, error="ValidationException"))
    leak.records.append(again)  # a trail may deliver an event twice
    twice = [each for each in leak.records if each["eventName"] == "GetObject" and not each.get("errorCode")][:2]
    leak.records += twice
    return leak


def files(rng: random.Random, records: Iterable[dict], account: str) -> list[tuple[str, bytes]]:
    """Keys and contents of log files, with the records in no order, of several days, and of a digest file in the folder beside theirs."""
    records = list(records)
    rng.shuffle(records)
    made = []
    for number in range(size := 5):
        day = f"0{3 + number % 3}"
        folder, at = f"AWSLogs/{account}/CloudTrail/{REGION}/2026/11/{day}", f"202611{day}T0{number}05Z"
        name = f"{folder}/{account}_CloudTrail_{REGION}_{at}_{rng.randrange(16**12):012x}"
        text = json.dumps({"Records": records[number::size]}, ensure_ascii=False)
        made.append((f"{name}.json.gz", gzip.compress(text.encode(), mtime=0)))
    digest = {"awsAccountId": account, "logFiles": [{"s3Object": key, "hashAlgorithm": "SHA-256"} for key, _ in made]}
    place = f"AWSLogs/{account}/CloudTrail-Digest/{REGION}/2026/11/05/{account}_CloudTrail-Digest_{REGION}_trail_20261105T050000Z.json.gz"
    return [*made, (place, gzip.compress(json.dumps(digest).encode(), mtime=0))]
