# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m14_1: the same trials, drawn anew, and commitments for unseen years."""

from course.grading import Answer, Report

from .m14_1 import ex1, ex2, ex3, ex4
from .m14_1_budget import judge_guard
from .m14_1_mess import judge_tidy
from .m14_1_shares import judge_shares
from .m14_1_years_hidden import judge_years


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("makes keys for other teams")
    judge_shares(answer, report)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("builds another messy account")
    judge_tidy(answer, report)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("makes another budget by your function")
    judge_guard(answer, report)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("computes what unseen years cost with your commitments")
    judge_years(answer, report)
