"""m14_1: a bill divided among teams, a messy account tidied up, a budget that warns and stops, and a commitment for a year."""

from course.grading import Answer, Exercise, Function, Report

from .m14_1_budget import judge_guard
from .m14_1_commitment import judge_practice
from .m14_1_mess import judge_tidy
from .m14_1_shares import judge_shares

ex1 = Exercise(
    id="m14_1_ex1",
    title="Divide the bill among teams",
    section="Who spent it",
    parts={"teams": 0.5, "whole": 0.75, "fair": 1.0, "nobody": 0.25},
    evidence={"by_team": Function("by_team(start: str, end: str) -> dict[str, float]")},
    skills={"C01": ["4.2.K5", "4.2.K6", "4.2.S7"], "C02": ["4.2.5"]},
    topics=["cost.manage"],
    seconds=60,
    hints=(
        "First add up the costs of each team over all months of the answer. Treat what has no tag as one more team at first.",
        'Group by `{"Type": "TAG", "Key": "team"}`. The name stands behind the `$` of a group\'s key. `dict.pop` takes the costs '
        "without a team out again.",
        '`shared = own.pop("", 0.0)` and `total = sum(own.values())`; a team pays `cost + shared * cost / total`. Without a team '
        "there is nothing to divide by.",
    ),
)

ex2 = Exercise(
    id="m14_1_ex2",
    title="Close what nobody uses",
    section="What nobody uses",
    pattern=9,
    parts={"closed": 1.5, "kept": 1.25, "again": 0.25},
    evidence={"tidy": Function("tidy(prefix: str, bucket: str) -> None")},
    skills={"C01": ["4.2.S1", "4.2.S9", "4.2.K5"], "C02": ["4.2.5"]},
    topics=["cost.manage"],
    seconds=120,
    hints=(
        "Go through the table row by row: list, look at what shows the use, and end what has none. Which lists have others' things, too?",
        "`describe_endpoint` lists all variants, and one that was asked is enough. A job without a warm pool has no `WarmPoolStatus`. "
        "`account` lists gateways, secrets and uploads as the text says.",
        "`if not any(account.invocations(aws, described, each) for each in variants): delete_endpoint`; "
        '`.get("WarmPoolStatus", {}).get("Status") == "Available"`; `if "LastAccessedDate" not in secret`; '
        "`if not account.routes_to(aws, gateway)`.",
    ),
)

ex3 = Exercise(
    id="m14_1_ex3",
    title="Make a budget that warns and stops",
    section="Hear of the next one",
    pattern=9,
    parts={"budget": 0.5, "filter": 0.5, "notifications": 0.5, "topic": 0.5, "action": 0.5},
    evidence={"guard": Function("guard(plan: dict) -> None")},
    skills={"C01": ["4.2.S9", "4.2.S7", "4.2.K6"], "C02": ["4.2.5"]},
    topics=["cost.manage"],
    seconds=60,
    hints=(
        "Three calls: one for the budget with its notifications, one for its action, and one for the topic's policy.",
        "`create_budget` takes `NotificationsWithSubscribers`; a threshold is in percent unless you say otherwise. `create_budget_action` "
        "needs `ActionType` `APPLY_IAM_POLICY` and a `Definition` with an `IamActionDefinition`.",
        "`[*bill.statements_of(aws, topic), allowed]` keeps what the policy has. `ActionThreshold` is "
        '`{"ActionThresholdValue": ..., "ActionThresholdType": "PERCENTAGE"}`, and `ApprovalModel` says whether somebody must agree.',
    ),
)

ex4 = Exercise(
    id="m14_1_ex4",
    title="Commit for a year",
    section="What the year will cost",
    pattern=3,
    parts={"practice": 0.25, "years": 1.25, "edges": 0.5},
    evidence={"commitment": Function("commitment(load: DataFrame, discount: float) -> float")},
    skills={"C01": ["4.2.S10", "4.2.S9"], "C02": ["4.2.6"]},
    topics=["cost.manage"],
    seconds=60,
    hints=(
        "What does one more dollar of commitment cost in each hour, and in how many hours does it pay for something?",
        "It pays off as long as the hours in which it is used save more than the others lose. So the share of hours with less load than "
        "the plan covers decides, and not how much less.",
        "Only two columns count. Sort their sums: the plan should cover the load up to the hour at the share `discount`. The commitment "
        "is that load at the plan's prices.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("makes keys for other teams")
    judge_shares(answer, report)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("builds a messy account")
    judge_tidy(answer, report)


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("makes a budget by your function")
    judge_guard(answer, report)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("computes what some small years cost with your commitments")
    judge_practice(answer, report)
