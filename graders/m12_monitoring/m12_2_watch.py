"""m12_2_ex3: the plans that a learner's function makes for services, what AWS says of their alarms, and what they cost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from course.grading import Answer, AnswerError, Report
from course.grading.short_repr import cut

from .m12_2_alarm import COMPARISONS, HALF_YEAR, played
from .m12_2_days import AIRPORTS, METRICS

NAMESPACE, DAY = "aws/sagemaker/Endpoints/model-metrics", 86_400
WATCHES = ("alarm", "weekly", "never")
LONGEST = 7  # days that an alarm can look back
SAID = 300  # characters of a text of AWS that a message repeats
STATISTICS = ("Average", "Minimum", "Maximum", "Sum")
MANY, LONG = 6, 14  # false alarms in half a year, and days unnoticed, about which a message asks
# Of services: US dollars of a page, and flights a day, each from and to.
KINDS = (
    ((600, 1_000), (250, 400)),
    ((600, 3_000), (250, 400)),
    ((1_500, 3_000), (250, 400)),
    ((4_000, 8_000), (5, 12)),
)


@dataclass(frozen=True)
class Played:
    """A service, the learner's plan for it, and what the plan, looking weekly and never watching come to."""

    case: dict[str, Any]
    plan: dict[str, Any]
    result: dict[str, float]
    rivals: dict[str, float]

    @property
    def rival(self) -> float:
        """US dollars of the better of the two plans without an alarm."""
        return min(self.rivals.values())


def services(rng: random.Random) -> list[dict[str, Any]]:
    """Services that differ in size and prices: with dear and cheap pages, many flights and few."""
    kinds = [(rng.uniform(*pages), rng.randint(*flights)) for pages, flights in KINDS]
    cases = []
    for number, (page, flights) in enumerate(kinds):
        cases.append(
            {
                "endpoint": f"late-flights-{rng.getrandbits(16):04x}",
                "schedule": f"quality-{rng.getrandbits(16):04x}",
                "topic": f"arn:aws:sns:us-east-1:{rng.randint(10**11, 10**12 - 1)}:on-call-{number}",
                "airport": rng.choice(AIRPORTS),
                "page_usd": round(page, 2),
                "flights_a_day": flights,
                "incidents": round(rng.uniform(0.5, 2.0), 2),
            }
        )
    rng.shuffle(cases)
    return cases


def plan(answer: Answer, report: Report, days: pd.DataFrame, case: dict[str, Any]) -> dict[str, Any] | None:
    """The learner's plan for a service; None, and the part ``request`` failed, if it is none."""
    got = answer.call("watch", days, case)
    what = "`watch(days, case)`"
    said = f"{what} returned {cut(repr(got), SAID)}; expected 'watch', one of {', '.join(map(repr, WATCHES))}."
    if not report.part("request", got.get("watch") in WATCHES, said):
        return None
    if got["watch"] != "alarm":
        return {"watch": got["watch"]}
    alarm = got.get("alarm")
    if not report.part("request", isinstance(alarm, dict), f"{what} returned {cut(repr(got), SAID)}; expected 'alarm', a dict."):
        return None
    problem = _problem(alarm, case)
    return {"watch": "alarm", "alarm": alarm} if report.part("request", not problem, f"The alarm that {what} returned {problem}.") else None


def _problem(alarm: dict[str, Any], case: dict[str, Any]) -> str:
    """What is wrong with an alarm; ``""`` if nothing is."""
    names = {"Endpoint": case["endpoint"], "MonitoringSchedule": case["schedule"]}
    try:
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        last, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
        threshold, whole, actions = alarm["Threshold"], type(last) is type(needed) is int, alarm.get("AlarmActions")
        name = alarm["AlarmName"]
        found = {
            f"has the AlarmName {name!r}; expected text": isinstance(name, str) and bool(name),
            f"has the MetricName {alarm['MetricName']!r}; expected one of {', '.join(METRICS)}": alarm["MetricName"] in METRICS,
            f"has the Namespace {alarm['Namespace']!r}: nothing is published there": alarm["Namespace"] == NAMESPACE,
            f"has the dimensions {dimensions}: no metric of this schedule has these": dimensions == names,
            f"has the Period {alarm['Period']!r}; expected the seconds of a day": alarm["Period"] == DAY,
            f"has the Statistic {alarm['Statistic']!r}; a day has one value, so that Average does": alarm["Statistic"] in STATISTICS,
            f"looks at {last!r} days; expected at most {LONGEST} days": whole and 1 <= last <= LONGEST,
            f"waits for {needed!r} breaching days; expected no more days than the {last!r} it looks at": whole and 1 <= needed <= last,
            f"has the Threshold {threshold!r}; expected a number": type(threshold) in (int, float) and threshold == threshold,
            f"has the ComparisonOperator {alarm['ComparisonOperator']!r}": alarm["ComparisonOperator"] in COMPARISONS,
            f"has the AlarmActions {actions!r}; expected a list with the topic of `case`": actions == [case["topic"]],
        }
    except (KeyError, TypeError) as error:
        return f"has no {error}" if isinstance(error, KeyError) else f"cannot be read: {error}"
    return next((words for words, holds in found.items() if not holds), "")


def accepted(answer: Answer, report: Report, judged: Sequence[Played]) -> None:
    """Put one of the alarms in CloudWatch, and delete it; reports the part ``request``."""
    alarm = next((each.plan["alarm"] for each in judged if each.plan["watch"] == "alarm"), None)
    said = f"None of the plans for {len(judged)} services is an alarm, so that no request could be tried."
    if not report.part("request", alarm is not None, said):
        return
    name, cloudwatch = f"check-m12-2-{answer.token()}", answer.client("cloudwatch")
    try:
        cloudwatch.put_metric_alarm(**alarm | {"AlarmName": name, "ActionsEnabled": False})
        cloudwatch.delete_alarms(AlarmNames=[name])
    except (ClientError, ParamValidationError, TypeError) as error:
        report.part("request", False, f"CloudWatch did not accept the alarm: {cut(str(error), SAID)}")


Tables = dict[str, pd.DataFrame]  # days by airport


def judged(answer: Answer, report: Report, known: Tables, unseen: Tables, cases: list[dict]) -> list[Played]:
    """Ask for a plan for each service, from its known days, and play its unseen days; empty if one is no plan."""
    results = []
    for case in cases:
        made = plan(answer, report, known[case["airport"]], case)
        if made is None:
            return []
        days = unseen[case["airport"]]
        rivals = {watch: played(days, case, {"watch": watch})["usd"] for watch in ("weekly", "never")}
        results.append(Played(case, made, played(days, case, made), rivals))
    return results


def words(results: Sequence[Played], when: str) -> str:
    """What the plans cost beside their rivals, and a question about the worst of them."""
    if not results:
        raise AnswerError("There is no plan to play.")
    usd = {name: fmean(each.rivals[name] for each in results) for name in ("never", "weekly")}
    own = fmean(each.result["usd"] for each in results)
    said = f"{when} your plans cost {own:,.0f} dollars a service; never watching {usd['never']:,.0f}, looking weekly {usd['weekly']:,.0f}. "
    worst = max(results, key=lambda each: (each.result["usd"] - each.rival, each.result["usd"]))
    return said + _question(worst)


def _question(worst: Played) -> str:
    result, case = worst.result, worst.case
    prices = f"a service with {case['flights_a_day']} flights a day, where a page costs {case['page_usd']:,.0f} dollars"
    if worst.plan["watch"] != "alarm":
        return f"Worst is {prices}: you watch it {worst.plan['watch']!r}. What would an alarm cost there?"
    if result["false_alarms"] > MANY:
        said = f"Worst is {prices}: {result['false_alarms']:.0f} false alarms in {HALF_YEAR} days."
        return f"{said} How often is a sound day below the threshold?"
    if result["days_unnoticed"] > LONG:
        return (
            f"Worst is {prices}: a fault runs {result['days_unnoticed']:.0f} days until the alarm *goes* to ALARM. Is it there already on "
            "sound days, or never?"
        )
    return f"Worst is {prices}: {result['false_alarms']:.1f} false alarms, {result['days_unnoticed']:.1f} days until a fault is known."
