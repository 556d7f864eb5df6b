"""A learner's progress as a page: for the learner, and to show to somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from course import pages
from course.grading import vocabulary
from course.grading.progress.exercise_state import PASSED, ExerciseState, LearnerProgress, Skill

EXAM = "C02"  # the current exam
STATES = {"open": "open", "tried": "not yet", "passed": "passed in practice", "revealed": "answer looked at"}
HONESTY = (
    "Points are those of the practice checks on the learner's own computer, self-reported. Nobody supervised the work; "
    "each exercise that counts as passed ran for real."
)


def write(path: Path, progress: LearnerProgress, titles: Mapping[str, str]) -> Path:
    """Write the page for the learner.

    Parameters
    ----------
    titles : dict
        Notebook, ``"m04_1"``, to its title.
    """
    parts = [
        _summary(progress),
        pages.heading("What comes next"),
        pages.paragraph(next_step(progress, titles)),
        pages.heading("Lessons"),
        pages.table("Points by notebook", ("notebook", "points", "passed", "last worked on"), _notebooks(progress, titles)),
    ]
    if sum(bool(state.passed_at) for state in progress.states) > 1:
        parts.append(pages.figure(_growth(progress), "Points over time: each step is an exercise that was passed."))
    parts += [
        pages.table("Exercises", ("exercise", "points", "state", "tries", "hints"), [_exercise(each) for each in progress.states]),
        pages.heading("Skills of the exam"),
        pages.paragraph(f"AWS Certified Machine Learning Engineer – Associate, MLA-{EXAM}: skills that exercises of this course train."),
        pages.figure(_domains(progress), "Skills by exam domain: shown by a passed exercise, of those that the course trains."),
        pages.table("Skills", ("skill", "what", "shown by", "trained by"), [_skill(skill) for skill in progress.skills(EXAM)]),
        pages.paragraph(HONESTY),
    ]
    return pages.write(path, "Your progress", parts)


def export(path: Path, progress: LearnerProgress, titles: Mapping[str, str], name: str) -> Path:
    """Write the page that shows somebody else, such as an employer, what ``name`` can do; without tries and open exercises."""
    passed = [state for state in progress.states if state.state == PASSED]
    rows = [(titles[each.exercise.notebook], each.exercise.title, _points(each), _day(each.passed_at)) for each in passed]
    skills = [skill for exam in vocabulary.EXAMS for skill in progress.skills(exam) if skill.shown]
    parts = [
        pages.paragraph(
            f"{name} worked through exercises of the course From Data to Deployment, in which models are trained, deployed and watched on "
            f"Amazon SageMaker's own interfaces. Exercises passed: {len(passed)} of {len(progress.states)}, as of "
            f"{datetime.now(UTC):%d %B %Y}."
        ),
        pages.table("Exercises passed", ("lesson", "exercise", "points", "passed on"), rows),
        pages.table(
            "Skills of AWS Certified Machine Learning Engineer – Associate that they show",
            ("skill", "what", "shown by"),
            [(f"MLA-{skill.exam} {skill.id}", skill.text, ", ".join(skill.shown)) for skill in skills],
        ),
        pages.paragraph(HONESTY),
    ]
    return pages.write(path, f"From Data to Deployment: {name}", parts)


def next_step(progress: LearnerProgress, titles: Mapping[str, str]) -> str:
    """A sentence that says where to continue, even after weeks."""
    last, following = progress.last, progress.next
    before = f"You last worked on {last.exercise.id} ({last.exercise.title}), on {_day(last.last)}. " if last else ""
    if following is None:
        return f"{before}Every exercise is done."
    where = titles[following.exercise.notebook]
    go = "Begin" if last is None else "Go on"
    return f"{before}{go} with {following.exercise.id}, {following.exercise.title}, in the notebook “{where}”."


def _summary(progress: LearnerProgress) -> str:
    passed = sum(state.state == PASSED for state in progress.states)
    share = pages.share(progress.score, progress.points, "Points of the course")
    return pages.Markup(f"<p>{share} points in practice; {passed} of {len(progress.states)} exercises passed.</p>")


def _notebooks(progress: LearnerProgress, titles: Mapping[str, str]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, states in progress.notebooks().items():
        title = titles[name]
        earned, points = sum(each.score for each in states), float(sum(each.exercise.points for each in states))
        passed = sum(each.state == PASSED for each in states)
        last = max((each.last for each in states if each.last), default=None)
        rows.append((title, pages.share(earned, points, title), f"{passed} of {len(states)}", _day(last)))
    return rows


def _exercise(state: ExerciseState) -> Sequence[str]:
    name = f"{state.exercise.id} {state.exercise.title}"
    return (name, _points(state), STATES[state.state], str(state.tries), str(state.hints))


def _points(state: ExerciseState) -> str:
    return f"{state.score:g} of {float(state.exercise.points):g}"


def _skill(skill: Skill) -> Sequence[str]:
    return (skill.id, skill.text, ", ".join(skill.shown) or "nothing yet", ", ".join(skill.trained))


def _day(moment: datetime | None) -> str:
    return f"{moment:%d %B %Y}" if moment else "never"


def _growth(progress: LearnerProgress):
    passed = sorted((state for state in progress.states if state.passed_at), key=lambda state: state.passed_at)
    drawn, axes = pages.axes(height=2.6)
    total, points = 0.0, [0.0]
    for state in passed:
        points.append(total := total + state.score)
    days = [passed[0].passed_at, *(state.passed_at for state in passed)]
    axes.step(days, points, where="post", marker="o", color="#274b7a")
    axes.set_ylim(0, progress.points)
    axes.set_ylabel("points")
    drawn.autofmt_xdate()
    return drawn


def _domains(progress: LearnerProgress):
    skills, domains = progress.skills(EXAM), vocabulary.domains(EXAM)
    names = [f"{number} {domain['title']}" for number, domain in domains.items()]
    trained = [sum(vocabulary.domain(skill.id) == number for skill in skills) for number in domains]
    shown = [sum(vocabulary.domain(skill.id) == number and bool(skill.shown) for skill in skills) for number in domains]
    drawn, axes = pages.axes(height=2.4)
    axes.barh(names[::-1], trained[::-1], color="#9db8d9", label="trained by the course")
    axes.barh(names[::-1], shown[::-1], color="#274b7a", label="shown")
    axes.set_xlabel("skills")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return drawn
