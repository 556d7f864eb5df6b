"""m12_3_ex3: who is called for a month, by what four monitors measured in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import rule_share
from course.grading.short_repr import cut

from .m12_3_diary import CALLS, MEASURES, NOBODY, diary

ENOUGH = 0.95  # of the rule's share: some months of a group are as far from the usual ones as chance goes
# What a learner did not think of, by what the month was.
QUESTIONS = {
    "sound": "a month like the others: how far do sound months vary, at *this* bank?",
    "others apply": "other people applied, and nobody suffered: do you call for the inputs alone, or by limits of another bank?",
    "one value": "a form sent one value of a feature for everybody: which of your rules sees that first?",
    "percent": "a form sent percent: which monitor reads the columns themselves, and do you ask it first?",
    "criteria": "the bank's own decisions changed, and nothing else did: which measure needs them?",
    "scores": "Black applicants were denied more often than before: do you compare with this bank's usual months?",
    "payments": "Black applicants' payments were counted higher: which measure moves far, and which only a little?",
    "other model": "another model answered, for other reasons: which measure is about reasons, and do you ask it before the AUC?",
}


@dataclass(frozen=True)
class Month:
    """A bank's usual months, one month in question, what it was (a key of `QUESTIONS`), and who should be called."""

    usual: pd.DataFrame
    now: dict[str, float]
    what: str
    call: str


def known() -> list[Month]:
    """The months of the lesson's diary."""
    table = diary()
    usual = table[table.what == "sound"][MEASURES].reset_index(drop=True)
    others = table.to_dict("records")
    return [Month(usual, {name: float(row[name]) for name in MEASURES}, row["what"], row["call"]) for row in others]


def judge_calls(answer: Answer, report: Report, given: Sequence[Month]) -> None:
    """Ask the learner's function about each month; reports ``form`` and ``calls``."""
    calls = []
    for each in given:
        got = answer.call("triage", each.usual, dict(each.now))
        said = f"`triage(...)` returned {cut(repr(got), 100)}; expected one of {', '.join(map(repr, CALLS))}."
        if not report.part("form", got in CALLS, said):
            return
        calls.append(got)
    missed = [(each, got) for each, got in zip(given, calls, strict=True) if got != each.call]
    said = f"{len(given) - len(missed)} of {len(given)} months are called rightly. "
    if missed:
        what, many = Counter(each.what for each, _ in missed), Counter(each.what for each in given)
        said += f"Many of the others: {QUESTIONS[max(what, key=lambda kind: what[kind] / many[kind])]}"
        if sum(each.call == NOBODY for each, _ in missed) * 2 > len(missed):
            said += " Most of your wrong calls wake somebody for nothing."
    report.part("calls", min(1.0, rule_share(calls, [{each.call} for each in given]) / ENOUGH), said)
