# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m10_2."""

import random

from course.exercises.repairs import changed_by
from course.grading import Answer, Report

from .m10_2 import ex1, ex2, ex3, ex4, ex5
from .m10_2_broken import Execution, causes, failed, judge_form
from .m10_2_faults_hidden import FAULTS as CHANGES
from .m10_2_faults_hidden import planted
from .m10_2_finish import NEWEST, SELECTED, TAKEN, WORDS, Case, chain, condition, drawn_values, judge_finish, step
from .m10_2_guard import judge_guard, judge_stop
from .m10_2_origin import judge_origin, unseen_plan
from .m10_2_pinned import judge_pin, unseen_case
from .m10_2_tables import FAULTS, faulty_months, known_flights, sound_months

# By fault: words of the sentences that say what was wrong.
SIGNS: dict[str, tuple[str, ...]] = {
    "argument": ("invalid choice",),
    "content": ("LIBSVM",),
    "folder": ("model/model.tar.gz",),
    "instances": ("service limit", "RESOURCE_LIMIT"),
    "month": ("Sample larger",),
    "operator": ("no better than chance",),
    "output": ("No S3 objects found",),
    "path": ("new.AUC",),
    "property": ("report.json",),
    "role": ("assume",),
    "script": ("prepare_flights.py",),
}


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("pins an unseen definition before and after changes, and runs it")
    judge_pin(answer, report, f"graded-m10-2-{answer.token()}", unseen_case(answer.rng))


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    report.doing("lets unseen executions fail, mends their pipelines, and lets your function finish them")
    judge_finish(answer, report, f"graded-m10-2-{answer.token()}", graded_cases(answer.rng))


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    report.doing("shows your guard unseen tables, sound ones of every month and some with a fault")
    cases = sound_months(answer.rng) + faulty_months(answer.rng, FAULTS)
    judged = judge_guard(answer, report, "guard", known_flights(answer.rng.getrandbits(32)), cases)
    report.doing("starts your pipeline on an unseen sound table and on one with a fault")
    judge_stop(answer, report, f"graded-m10-2-{answer.token()}", judged)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    """The pipelines themselves ran again in the practice check, which grading runs first."""
    if not judge_form(answer, report):
        return
    faults, diagnoses, repairs = planted(answer.variant()), answer.value("diagnoses"), answer.value("repairs")
    broken = {each: failed(answer, each) for each in faults}
    unshown = [each for each, fault in faults.items() if not _shows(diagnoses[each]["line"], broken[each], SIGNS[fault])]
    said = f"{', '.join(unshown)}: the words cited do not show the fault."
    report.part("evidence", 1 - len(unshown) / len(faults), said)
    covered = [each for each, fault in faults.items() if not changed_by(broken[each].definition, repairs[each]) & CHANGES[fault].keys()]
    said = f"{', '.join(covered)}: the change is not of the place at fault."
    report.part("repair", 1 - len(covered) / len(faults), said)


def _shows(cited: str, execution: Execution, signs: tuple[str, ...]) -> bool:
    """Whether the cited words have a sign of the fault, or belong to a sentence that has one."""
    words = cited.strip()
    sentences = [said for lines in execution.lines.values() for said in causes(lines)]
    telling = [said for said in sentences if any(sign in said for sign in signs)]
    return any(words in said or said in words for said in telling)


@ex5.graded
def graded_ex5(answer: Answer, report: Report) -> None:
    report.doing("runs another pipeline several times, and deploys models of it")
    judge_origin(answer, report, f"graded-m10-2-{answer.token()}", unseen_plan(answer.rng))


def graded_cases(rng: random.Random) -> list[Case]:
    """Roots side by side with a renamed step; a condition that never started, with another in its branch; one that succeeded, with
    another behind it; more steps than a page of their list; and an execution that had selected not even all of the last steps."""
    a, b, c, d, e, f, g, h, i, j, k, m = rng.sample(WORDS, 12)
    roots = [step(e, d, a), step(d, c), step(c), step(f, e), step(a)]
    side = Case(
        NEWEST,
        roots,
        (d,),
        {d, e, f},
        drawn_values(rng),
        added=f,
        renamed=(d, b),
    )

    values, taken = drawn_values(rng), rng.choice(["IfSteps", "ElseSteps"])
    stop = {"Name": f, "Type": "Fail", "Arguments": {"ErrorMessage": "Nobody wants this model."}}
    inner = condition(k, e, values["Month"][1], IfSteps=[step(m)], ElseSteps=[])
    branches = {"IfSteps": [stop], "ElseSteps": [stop]} | {taken: [*chain(d, e), inner]}
    waiting = [step(a), condition(c, b, values["Month"][1 if taken == "IfSteps" else 2], **branches), step(b, a)]
    never = Case("Which steps are in the branches of a Condition step?", waiting, (b,), {b, c, d, e, k, m}, values, chooses=True)

    values = drawn_values(rng)
    succeeded = condition(b, a, values["Month"][1], IfSteps=chain(c, d, after=[a]), ElseSteps=[step(e)])
    behind = condition(g, d, values["Month"][2], IfSteps=[step(h)], ElseSteps=[step(i)])
    two = Case(
        TAKEN,
        [behind, succeeded, step(a), step(j, a)],
        (d,),
        {d, g, i},
        values,
        chooses=True,
    )

    last, more, *many = rng.sample(WORDS, 14)
    pages = Case(
        "Does the list of steps have more pages?",
        [step(more, last), *map(step, many), step(last, *many)],
        (last,),
        {last, more},
        drawn_values(rng),
    )

    some = Case(
        SELECTED,
        [*chain(a, b, c, d, e, f), step(g, e)],
        (c, d),
        {d, e},
        drawn_values(rng),
        selected=(c, d, e),
    )
    return [side, never, two, pages, some]
