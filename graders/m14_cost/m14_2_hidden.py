# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m14_2: unseen jobs, tables, weeks and companies."""

from course.grading import Answer, Report

from .m14_2 import ex1, ex2, ex3, ex4
from .m14_2_companies_hidden import judge_companies
from .m14_2_distances_hidden import judge_distances
from .m14_2_sizes import judge_move, judge_small_weeks
from .m14_2_spot import judge_job
from .m14_2_tables_hidden import judge_unseen_tables
from .m14_2_weeks_hidden import judge_weeks


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("runs another job of your request")
    judge_job(answer, report)
    judge_distances(answer, report)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("asks your function for unseen tables")
    judge_unseen_tables(answer, report)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("asks your function for unseen weeks")
    judge_small_weeks(answer, report)
    judge_weeks(answer, report)
    report.doing("makes another endpoint, and moves it by your function")
    judge_move(answer, report)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("replays the next years of unseen companies with your plans")
    judge_companies(answer, report)
