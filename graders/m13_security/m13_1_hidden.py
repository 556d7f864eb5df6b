# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m13_1."""

from course.exercises.broken_access import setups
from course.exercises.repairs import changed_by
from course.grading import Answer, Report

from .m13_1 import ex1, ex2, ex3, ex4
from .m13_1_broken import judge_form
from .m13_1_faults_hidden import planted
from .m13_1_job import judge_job
from .m13_1_leak import judge_reach, judge_session
from .m13_1_person import judge_person


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("runs another training job as a role with your policy")
    judge_job(answer, report)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("makes another data scientist with your policy")
    judge_person(answer, report, "guard")


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    """The calls themselves were sent in the practice check, which grading runs first."""
    if not judge_form(answer, report):
        return
    broken, repairs, places = setups(answer.variant()), answer.value("repairs"), planted(answer.variant())
    beside = [
        each for each, place in places.items() if {path.partition(".")[0] for path in changed_by(broken[each], repairs[each])} != {place}
    ]
    said = f"{', '.join(beside)}: the change is not of the policy at fault alone." if beside else "Each change is of the policy at fault."
    for part in ("works", "closed", "smallest"):
        report.part(part, 1 - len(beside) / len(places), said)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("counts what other leaked keys reach")
    judge_reach(answer, report)
    judge_session(answer, report)
