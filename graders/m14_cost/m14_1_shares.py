"""The bill of new teams, divided by the learner (m14_1_ex1).

What a team pays is not computed here. Three things are tested: all teams of the bill are there, they pay the whole bill, and each of them
pays the same multiple of its own costs. Costs grow while the function runs, so the bill is read before and after it.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report
from course.grading.scoring import near

TAG = "team"
NAMES = ("cargo", "crew", "delays", "gates", "loyalty", "meals", "routes", "seats")
MONTHS_BACK = 3
TRIES, LOOK_EVERY = 30, 1  # until the bill has the new teams
WITHIN = 0.001  # of an amount
PLACES = 1e-9  # Cost Explorer has ten decimals

Bill = dict[str, dict[str, float]]  # the begin of a span -> team -> US dollars; "" is what has no team


@dataclass(frozen=True)
class Asked:
    """A time that the function is asked for, the bill before and after it was, and what the function returned."""

    start: str
    end: str
    before: dict[str, float]
    after: dict[str, float]
    first: dict[str, float]  # of the time's first month alone
    returned: dict[str, float]

    @property
    def said(self) -> str:
        return f"`by_team({self.start!r}, {self.end!r})`"


def judge_shares(answer: Answer, report: Report) -> None:
    """Let the learner divide the bill of two new teams; reports all parts of m14_1_ex1."""
    with contextlib.ExitStack() as made:
        teams = [f"{name}-{answer.token()}" for name in answer.rng.sample(NAMES, 2)]
        now = _keys(answer, made, teams)
        _activated(answer, made)
        today, tomorrow = now.strftime("%Y-%m-%d"), (now + timedelta(days=1)).strftime("%Y-%m-%d")
        oldest = (now.replace(day=1) - timedelta(days=28 * MONTHS_BACK)).replace(day=1).strftime("%Y-%m-%d")
        days = _known(answer, teams, oldest, tomorrow)
        if days is None:
            for name in report.exercise.parts:
                report.part(name, False, "The bill does not have the new teams yet: on AWS it takes a day. Check again then.")
            return
        times = [(max(f"{now:%Y-%m-01}", oldest), tomorrow)]
        if paid := [day for day in sorted(days) if any(days[day].values())]:
            times.append((paid[0], tomorrow))  # touches several months, if the account is that old
        for start, end in dict.fromkeys(times):
            if not _judged(report, _ask(answer, start, end), alone=(start, end) == times[0]):
                break
        report.finished("teams", "whole", "fair")
        if not (quiet := _quiet(answer, days, today)):
            report.part("nobody", True, "In this account, teams have costs on each day.")
        for start in quiet:
            report.part("nobody", *_nobody(answer, start))


def _keys(answer: Answer, made: contextlib.ExitStack, teams: list[str]) -> datetime:
    """KMS keys of the teams, one without a tag, and one with an empty value. Returns the time on AWS's clock."""
    kms, now = answer.client("kms"), None
    for value in [*teams, *answer.rng.choices(teams, k=answer.rng.randint(1, 2)), "", None]:
        tags = [] if value is None else [{"TagKey": TAG, "TagValue": value}]
        key = kms.create_key(Description="m14_1: a check's", Tags=tags)["KeyMetadata"]
        made.callback(kms.schedule_key_deletion, KeyId=key["KeyId"], PendingWindowInDays=7)
        now = key["CreationDate"]
    return now


def _activated(answer: Answer, made: contextlib.ExitStack) -> None:
    """Activate the tag, if it is not active yet; the end of the check undoes this."""
    ce = answer.client("ce")
    if ce.list_cost_allocation_tags(TagKeys=[TAG], Status="Active")["CostAllocationTags"]:
        return
    for number in range(TRIES):
        try:
            ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": TAG, "Status": "Active"}])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException" or number == TRIES - 1:
                raise
            time.sleep(LOOK_EVERY)  # the bill does not know the tag yet
        else:
            break
    inactive = [{"TagKey": TAG, "Status": "Inactive"}]
    made.callback(ce.update_cost_allocation_tags_status, CostAllocationTagsStatus=inactive)


def _known(answer: Answer, teams: list[str], start: str, end: str) -> Bill | None:
    """The bill by days, once it has the new teams; None if it does not get them."""
    for _ in range(TRIES):
        days = _bill(answer.client("ce"), start, end, "DAILY")
        if all(any(day.get(team) for day in days.values()) for team in teams):
            return days
        time.sleep(LOOK_EVERY)
    return None


def _bill(ce: Any, start: str, end: str, granularity: str = "MONTHLY") -> Bill:
    period, by = {"Start": start, "End": end}, [{"Type": "TAG", "Key": TAG}]
    asked = {"TimePeriod": period, "Granularity": granularity, "Metrics": ["UnblendedCost"], "GroupBy": by}
    found: Bill = {}
    while True:
        answer = ce.get_cost_and_usage(**asked)
        for span in answer["ResultsByTime"]:
            lines = found.setdefault(span["TimePeriod"]["Start"], {})
            for group in span["Groups"]:
                lines[group["Keys"][0].removeprefix(f"{TAG}$")] = float(group["Metrics"]["UnblendedCost"]["Amount"])
        if not answer.get("NextPageToken"):
            return found
        asked["NextPageToken"] = answer["NextPageToken"]


def _added(bill: Bill) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for lines in bill.values():
        for team, cost in lines.items():
            total[team] += cost
    return dict(total)


def _ask(answer: Answer, start: str, end: str) -> Asked:
    ce = answer.client("ce")
    before = _bill(ce, start, end)
    returned = answer.call("by_team", start, end)
    after = _bill(ce, start, end)
    return Asked(start, end, _added(before), _added(after), after[min(after)], returned)


def _judged(report: Report, asked: Asked, alone: bool) -> bool:
    """Report what is wrong with the answer for one time; ``alone`` says that it is of one month. Returns whether nothing is."""
    if not report.part("teams", *_teams(asked)):
        for name in ("whole", "fair"):
            report.part(name, False, "Judged once all teams of the bill are there, by their names.")
        return False
    whole = report.part("whole", *_whole(asked, alone))
    return report.part("fair", *(_fair(asked, alone) if whole else (False, "Judged once the teams pay the whole bill together.")))


def _teams(asked: Asked) -> tuple[bool, str]:
    names, wanted = set(asked.returned), {team for team, cost in asked.before.items() if team and cost}
    if signs := [name for name in names if name.startswith(f"{TAG}$")]:
        return False, f"{asked.said} has the key {signs[0]!r}; expected the name of the team alone."
    if "" in names:
        return False, f"{asked.said} has a team without a name. What has no team is paid by the others."
    if unknown := sorted(names - {*asked.before, *asked.after}):
        return False, f"{asked.said} has the key {unknown[0]!r}, which is no team of the bill."
    if len(names & wanted) < len(wanted):
        said = f"{asked.said} has {len(names & wanted)} of the {len(wanted)} teams that have costs in this time."
        return False, f"{said} Do you take the teams from the bill, and from all of its months?"
    return True, "All teams of the bill are there."


def _whole(asked: Asked, alone: bool) -> tuple[bool, str]:
    paid = sum(asked.returned.values())
    if _between(paid, sum(asked.before.values()), sum(asked.after.values())):
        return True, "Together they pay the whole bill."
    own = [sum(cost for team, cost in bill.items() if team) for bill in (asked.before, asked.after)]
    said = f"{asked.said}: the teams pay {paid:.6g} dollars together, which is not the bill of this time."
    if _between(paid, *own):
        return False, f"{said} They pay their own costs only: who pays what has no team?"
    if not alone and _between(paid, sum(asked.first.values()), sum(asked.first.values())):
        return False, f"{said} It is what the first month costs: how many elements has `ResultsByTime`?"
    return False, f"{said} Is each line of the bill counted once, and what has no team divided completely?"


def _fair(asked: Asked, alone: bool) -> tuple[bool, str]:
    shared = [bill.get("", 0.0) for bill in (asked.before, asked.after)]
    owned = [sum(bill.values()) - bill.get("", 0.0) for bill in (asked.before, asked.after)]
    least, most = 1 + shared[0] / owned[1], 1 + shared[1] / owned[0]
    teams = [team for team in asked.returned if team in asked.before]
    wrong = [t for t in teams if not _between(asked.returned[t], asked.before[t] * least, asked.after[t] * most)]
    if not wrong:
        return True, "Each team pays in proportion to its own costs."
    said = f"{asked.said}: {len(wrong)} of {len(teams)} teams do not pay what they should."
    extra = [asked.returned[team] - asked.after[team] for team in teams]
    if all(near(each, extra[0], WITHIN * abs(extra[0])) for each in extra):
        return False, f"{said} What has no team is divided equally; expected in proportion to the teams' own costs."
    if not alone:
        said += " The time touches several months. Are they added up first, and divided then?"
        return False, said
    return False, f"{said} A team with twice the costs of another pays twice as much of what has no team."


def _between(value: float, least: float, most: float) -> bool:
    middle, half = (least + most) / 2, (most - least) / 2
    return near(value, middle, half + WITHIN * most + PLACES)


def _quiet(answer: Answer, days: Bill, today: str) -> list[str]:
    """A day without any costs, and one on which only what has no team costs something, as far as there are such days."""
    without = [day for day, lines in days.items() if day < today and not any(cost for team, cost in lines.items() if team)]
    billed = [day for day in without if any(days[day].values())]
    return [answer.rng.choice(each) for each in (billed, sorted({*without} - {*billed})) if each]


def _nobody(answer: Answer, start: str) -> tuple[bool, str]:
    """Ask for a day without costs of teams."""
    end = (datetime.fromisoformat(start) + timedelta(days=1)).strftime("%Y-%m-%d")
    returned = answer.call("by_team", start, end)
    said = f"`by_team({start!r}, {end!r})` returned {len(returned)} teams; expected an empty dict, since no team has costs in this time."
    return not returned, said
