# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m13_3: the same trials, drawn anew."""

from course.grading import Answer, Report

from .m13_3 import ex1, ex2, ex3, ex4
from .m13_3_alarms import judge_pattern
from .m13_3_incident import judge_deletions
from .m13_3_log_files import judge_reached
from .m13_3_secret import judge_hidden_keys


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("lets other people delete models")
    judge_deletions(answer, report)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("writes log files of another leak")
    judge_reached(answer, report)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("tests your pattern on other events")
    judge_pattern(answer, report)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("starts the jobs of two other teams by your requests")
    judge_hidden_keys(answer, report)
