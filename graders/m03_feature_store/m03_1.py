"""m03_1: feature groups, online and offline, of the own team and of others."""

from __future__ import annotations

import random

from course.grading import Answer, Exercise, Function, Report, Value

from .m03_1_cases import messages, outage, service
from .m03_1_design import judge_design
from .m03_1_outage import judge_replay
from .m03_1_policy import judge_policies
from .m03_1_reuse import judge_reuse

PRACTICE = "practice of m03_1"  # the seed of the cases that anyone may read

ex1 = Exercise(
    id="m03_1_ex1",
    title="Design the groups of a feed",
    section="Groups, identifiers, event times",
    pattern=9,
    parts={"groups": 0.25, "flight": 0.75, "terminal": 0.75, "order": 0.75, "values": 0.5},
    evidence={"requests": Value(dict), "to_records": Function("to_records(message: dict) -> dict")},
    skills={"C01": ["1.1.S3", "1.2.S2"], "C02": ["1.1.9", "1.2.2"]},
    topics=["feat.groups"],
    seconds=20,
    hints=(
        "For each group ask two questions: whose values are these, and when were they known?",
        "The identifier is one feature of the record. It may be made of several columns: which of them make a flight one flight, and a "
        "terminal one terminal? `departs` says when the plane leaves, not when this became known.",
        "`f\"{message['origin']}-{message['terminal']}\"` identifies a terminal. The event time of both is `sent_at`, a `String`. Put "
        "into a record only what is not None.",
    ),
)

ex2 = Exercise(
    id="m03_1_ex2",
    title="Make both stores agree after an outage",
    section="Late, twice, deleted",
    parts={"online": 1, "offline": 1, "deleted": 0.75, "count": 0.25},
    evidence={"replay": Function("replay(group: str, journal: list[dict]) -> int")},
    skills={"C01": ["1.1.S3", "1.2.S2"], "C02": ["1.1.9", "1.2.2"]},
    topics=["feat.groups"],
    seconds=45,
    hints=(
        "The online store ignores what is old. The offline store adds all that it gets. So which store must you read first?",
        "Make a set of (`origin`, `event_time`) of `offline(aws, group)`, and add to it what you write. Which kind of delete keeps late "
        "records away?",
        "For each event: `stores = ['OnlineStore']`, and `'OfflineStore'` too when its pair is not in the set. Then `put_record(..., "
        "TargetStores=stores)`, or `delete_record(..., EventTime=event['time'], TargetStores=stores)` with the default mode.",
    ),
)

ex3 = Exercise(
    id="m03_1_ex3",
    title="Find another team's feature and extend its group",
    section="A group that another team made",
    parts={"found": 0.75, "added": 0.5, "described": 0.75, "spared": 0.5},
    evidence={"reuse": Function("reuse(need: dict) -> dict")},
    skills={"C01": ["1.2.S2"], "C02": ["1.2.2"]},
    topics=["feat.reuse"],
    seconds=45,
    hints=(
        "Three conditions, three places: parameters belong to a feature, tags to a group, and the online store is in its configuration.",
        "`search` takes several filters at once: `search('FeatureMetadata', **{'Parameters__unit': 'minutes', ...})`. A group that it "
        "finds may have `OnlineStoreConfig`.",
        "Keep the feature whose `FeatureGroupName` is among the tagged groups with an online store. Then `update_feature_group`, "
        "`wait_created(aws, group)`, and `update_feature_metadata` with `Description` and `ParameterAdditions`.",
    ),
)

ex4 = Exercise(
    id="m03_1_ex4",
    title="Let a service read what it needs",
    section="Who may read it",
    pattern=5,
    parts={"practice": 0.25, "guard": 1.25},
    evidence={"reader_policy": Function("reader_policy(service: dict) -> dict")},
    skills={"C01": ["4.3.S1", "4.3.S2"], "C02": ["4.3.2", "4.3.3"]},
    topics=["feat.reuse"],
    seconds=20,
    hints=(
        "Two statements: one for the groups with a name, one for the groups with a tag. Which actions are in both?",
        "Reading many records at a time is an action of its own. A star in an ARN also matches longer names.",
        "The second statement has `Resource` `...:feature-group/*` of this region and account, and a condition on `aws:ResourceTag/team`. "
        "A condition in the first statement would exclude groups without the tag.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("creates both groups and writes the records of some messages")
    judge_design(answer, report, messages(random.Random(PRACTICE)))


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("makes a group as an outage left it, and replays a journal by your function")
    judge_replay(answer, report, outage(random.Random(PRACTICE)))


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("makes six groups of other teams, and calls your function")
    judge_reuse(answer, report, random.Random(PRACTICE))


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    rng = random.Random(PRACTICE)
    judge_policies(answer, report, "practice", [service(rng) for _ in range(2)], tagged="any-group")
