# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m13_2."""

import hashlib
import hmac
from typing import Any

from course.exercises.closed_networks import leaves, repaired, setups
from course.exercises.repairs import changed_by
from course.grading import Answer, Report
from course.sandbox.isolation import isolation

from .m13_2 import ex1, ex2, ex3, ex4
from .m13_2_faults_hidden import planted, right
from .m13_2_lock import judge_lock
from .m13_2_masking import judge_columns, judge_notes, judge_pseudonyms, protected
from .m13_2_networks import judge_form
from .m13_2_site import judge_design


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("locks another bucket by your function")
    judge_lock(answer, report)


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    """The jobs themselves ran in the practice check, which grading runs first; on a machine without namespaces the values are compared."""
    if not judge_form(answer, report):
        return
    broken, repairs, faults = setups(answer.variant()), answer.value("repairs"), planted(answer.variant())
    places = {each: right(broken[each], fault) for each, fault in faults.items()}
    changes = {each: changed_by(broken[each], repairs[each]) for each in faults}
    elsewhere = [each for each, (path, _) in places.items() if path not in changes[each]]
    wider = [each for each, (path, _) in places.items() if changes[each] != {path}]
    ran = isolation() == "namespace"
    untrue = [] if ran else [each for each, place in places.items() if each in elsewhere or not _is(broken[each], repairs[each], *place)]
    for part, wrong, said in (
        ("works", untrue, "the value at fault is not mended"),
        ("closed", elsewhere, "the value at fault is as it was"),
        ("smallest", wider, "the change is not of the value at fault alone"),
    ):
        report.part(part, 1 - len(wrong) / len(faults), f"{', '.join(wrong)}: {said}." if wrong else "As it should be.")


def _is(setup: dict, repair: Any, path: str, value: object) -> bool:
    return leaves(repaired(setup, repair)).get(path) == value


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("gives your function records of other passengers")
    key, results = protected(answer)
    if not judge_columns(report, results):
        return
    if judge_pseudonyms(answer, report, key, results):
        wrong = [each for each, result in results if result["passenger"] != _pseudonym(each.record["passport"], key)]
        said = f"{len(wrong)} of {len(results)} pseudonyms are not the HMAC that the text describes."
        report.part("pseudonym", not wrong, said)
    judge_notes(report, results)


def _pseudonym(passport: str, key: str) -> str:
    return hmac.new(key.encode(), passport.encode(), hashlib.sha256).hexdigest()[:16]


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("builds another place for health data by your documents")
    judge_design(answer, report)
