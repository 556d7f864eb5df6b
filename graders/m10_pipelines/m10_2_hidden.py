# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m10_2."""

from course.grading import Answer, Report

from .m10_2 import ex1, ex2, ex3, ex4, ex5
from .m10_2_broken import judge_form, judge_repairs
from .m10_2_finish import judge_finish, practice_cases
from .m10_2_guard import judge_guard, judge_stop, practice_tables
from .m10_2_origin import judge_origin
from .m10_2_pinned import judge_pin


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("pins two unseen definitions, and runs one")
    judge_pin(answer, report, f"graded-m10-2-{answer.token()}")


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("lets unseen executions fail, mends their pipelines, and lets your function finish them")
    judge_finish(answer, report, f"graded-m10-2-{answer.token()}", practice_cases())


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    known, tables = practice_tables()
    judge_guard(answer, report, "guard", known, tables)
    report.doing("starts your pipeline on an unseen sound table and on one with a fault")
    judge_stop(answer, report, f"graded-m10-2-{answer.token()}", tables)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    if judge_form(answer, report):
        judge_repairs(answer, report)


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    report.doing("runs a pipeline several times, and deploys two of its models")
    judge_origin(answer, report, f"graded-m10-2-{answer.token()}")
