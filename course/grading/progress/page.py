"""A learner's progress as a page: for the learner, and to show to somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from course import pages
from course.grading import vocabulary
from course.grading.progress.exercise_state import HOLDS, RIGHT, ExerciseState, LearnerProgress, Skill

EXAM = "C02"  # the current exam
NOTEBOOK_COLUMNS = ("notebook", "points", "judged right", "practice holds", "last worked on")
EXERCISE_COLUMNS = ("exercise", "points", "state", "checks", "judged", "hints")
SKILL_COLUMNS = ("skill", "what", "shown by", "also trained by")
STATES = {"open": "open", "holds": "practice holds", "right": "judged right", "revealed": "answer looked at"}
HONESTY = (
    "Points are those of answers that the course's hidden checks judged on fresh cases, on the learner's own computer and by the learner's "
    "own account. Nobody supervised the work. “Practice holds” means that the practice cases were right; it earns no points."
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
        pages.Markup(f"<p>{pages.code(next_step(progress, titles))}</p>"),
        pages.heading("Lessons"),
        pages.table("Points by notebook", NOTEBOOK_COLUMNS, _notebooks(progress, titles)),
    ]
    if sum(bool(state.right_at) for state in progress.states) > 1:
        parts.append(pages.figure(_growth(progress), "Points over time: each step is an exercise that was judged right."))
    parts += [
        pages.heading("Exercises"),
        *_lessons(progress, titles),
        pages.heading("Skills of the exam"),
        pages.paragraph(f"AWS Certified Machine Learning Engineer – Associate, MLA-{EXAM}: skills that exercises of this course train."),
        pages.figure(
            _domains(progress), "Skills by exam domain: shown by an exercise that was judged right, of those that the course trains."
        ),
        *_skills(progress),
        pages.paragraph(HONESTY),
    ]
    return pages.write(path, "Your progress", parts)


def export(path: Path, progress: LearnerProgress, titles: Mapping[str, str], name: str) -> Path:
    """Write the page that shows somebody else, such as an employer, what ``name`` can do; without tries and open exercises."""
    right = [state for state in progress.states if state.state == RIGHT]
    rows = [(titles[each.exercise.notebook], each.exercise.title, _points(each), pages.unbroken(_day(each.right_at))) for each in right]
    skills = [skill for exam in vocabulary.EXAMS for skill in progress.skills(exam) if skill.shown]
    parts = [
        pages.paragraph(
            f"{name} worked through exercises of the course From Data to Deployment, in which models are trained, deployed and watched on "
            f"Amazon SageMaker's own interfaces. Exercises judged right: {len(right)} of {len(progress.states)}, as of "
            f"{datetime.now(UTC):%d %B %Y}."
        ),
        pages.table("Exercises judged right", ("lesson", "exercise", "points", "judged on"), rows),
        pages.table(
            "Skills of AWS Certified Machine Learning Engineer – Associate that they show",
            ("skill", "what", "shown by"),
            [(pages.unbroken(f"MLA-{skill.exam} {skill.id}"), skill.text, ", ".join(skill.shown)) for skill in skills],
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
    if following.state == HOLDS:
        return f'{before}Have {following.exercise.id} judged: run `judge("{following.exercise.id}")` in the notebook “{where}”.'
    go = "Begin" if last is None else "Go on"
    return f"{before}{go} with {following.exercise.id}, {following.exercise.title}, in the notebook “{where}”."


def _summary(progress: LearnerProgress) -> str:
    right, holds = (sum(state.state == wanted for state in progress.states) for wanted in (RIGHT, HOLDS))
    share = pages.share(progress.score, progress.points, "Points of the course")
    said = f"{right} of {len(progress.states)} exercises judged right"
    waiting = f" In {holds} more the practice cases hold: <code>judge(...)</code> judges them." if holds else ""
    return pages.Markup(f"<p>{share} points; {said}.{waiting}</p>")


def _notebooks(progress: LearnerProgress, titles: Mapping[str, str]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for name, states in progress.notebooks().items():
        title = titles[name]
        earned, points = sum(each.score for each in states), float(sum(each.exercise.points for each in states))
        right, holds = (sum(each.state == wanted for each in states) for wanted in (RIGHT, HOLDS))
        last = max((each.last for each in states if each.last), default=None)
        rows.append((title, pages.share(earned, points, title), f"{right} of {len(states)}", str(holds), pages.unbroken(_day(last))))
    return rows


def _lessons(progress: LearnerProgress, titles: Mapping[str, str]) -> Iterator[str]:
    """The exercises of each lesson, folded; the lesson worked on last is unfolded."""
    here = progress.last.exercise.lesson if progress.last else ""
    for lesson, states in groupby(progress.states, key=lambda state: state.exercise.lesson):
        shown = list(states)
        names = "; ".join(dict.fromkeys(titles[each.exercise.notebook] for each in shown))
        right = sum(each.state == RIGHT for each in shown)
        table = pages.table(f"Exercises of {lesson}", EXERCISE_COLUMNS, [_exercise(each) for each in shown])
        yield pages.fold(f"{lesson} – {names} ({right} of {len(shown)} judged right)", [table], unfolded=lesson == here)


def _exercise(state: ExerciseState) -> Sequence[str]:
    name = f"{state.exercise.id} {state.exercise.title}"
    return (name, _points(state), STATES[state.state], str(state.tries), str(state.judged), str(state.hints))


def _points(state: ExerciseState) -> str:
    return f"{state.score:g} of {float(state.exercise.points):g}"


def _skills(progress: LearnerProgress) -> Iterator[str]:
    """The skills of each exam domain, folded."""
    for number, skills in groupby(progress.skills(EXAM), key=lambda skill: vocabulary.domain(skill.id)):
        trained = list(skills)
        shown = sum(bool(skill.shown) for skill in trained)
        table = pages.table(f"Skills of domain {number}", SKILL_COLUMNS, [_skill(skill) for skill in trained])
        yield pages.fold(f"{number} {vocabulary.domains(EXAM)[number]['title']} ({shown} of {len(trained)} shown)", [table])


def _skill(skill: Skill) -> Sequence[str]:
    waiting = [name for name in skill.trained if name not in skill.shown]
    return (skill.id, skill.text, ", ".join(skill.shown) or "nothing yet", ", ".join(waiting))


def _day(moment: datetime | None) -> str:
    return f"{moment.day} {moment:%B %Y}" if moment else "never"


def _growth(progress: LearnerProgress):
    right = sorted((state for state in progress.states if state.right_at), key=lambda state: state.right_at)
    drawn, axes = pages.axes(height=2.6)
    total, points = 0.0, [0.0]
    for state in right:
        points.append(total := total + state.score)
    days = [right[0].right_at, *(state.right_at for state in right)]
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
