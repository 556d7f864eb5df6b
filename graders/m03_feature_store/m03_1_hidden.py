# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m03_1: the same probes as in practice, on cases of the graded seed."""

from __future__ import annotations

from course.grading import Answer, Report

from .m03_1 import ex1, ex2, ex3, ex4
from .m03_1_cases import messages, outage, service
from .m03_1_design import judge_design
from .m03_1_outage import judge_replay
from .m03_1_policy import judge_policies
from .m03_1_reuse import judge_reuse

SERVICES = 3


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("creates both groups and writes the records of unseen messages")
    judge_design(answer, report, messages(answer.rng))


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("makes a group as another outage left it, and replays its journal by your function")
    judge_replay(answer, report, outage(answer.rng))


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("makes groups of other teams, and calls your function")
    judge_reuse(answer, report, answer.rng)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    services = [service(answer.rng) for _ in range(SERVICES)]
    judge_policies(answer, report, "guard", services, tagged=f"group-{answer.rng.getrandbits(24):06x}")
