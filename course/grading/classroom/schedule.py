"""`class.yaml`: the dates of a class's lessons, edited by the instructor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

NAME = "class.yaml"
DAY_BEGINS, DAY_ENDS = time(0, 0), time(23, 59, 59)
FIELDS = {"course", "timezone", "exchange", "judging", "lessons"}
DATES = {"release", "due"}


class _DatesAreText(yaml.SafeLoader):
    """YAML that leaves dates as text: YAML's own dates need seconds, and its error for an impossible date is unclear."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class ClassScheduleError(Exception):
    """`class.yaml` is missing or wrong; the message says where and quotes the value."""


@dataclass(frozen=True)
class LessonDates:
    """When a lesson is released and due, in UTC; None where there is no date."""

    name: str
    release: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True)
class ClassSchedule:
    """The content of `class.yaml`.

    Attributes
    ----------
    course : str
        The course's id in nbgrader's exchange.
    zone : ZoneInfo
        The time zone of the dates in the file.
    exchange : Path or None
        The folder of nbgrader's exchange; None when work is handed in another way.
    judging : int or None
        How often a learner may have one exercise judged (`course.judge`); 0: not at all, None: without a limit.
    """

    course: str
    zone: ZoneInfo
    exchange: Path | None
    lessons: tuple[LessonDates, ...]
    judging: int | None = None

    def lesson(self, name: str) -> LessonDates:
        """The dates of a lesson; one without any when the class does not have it."""
        return next((lesson for lesson in self.lessons if lesson.name == name), LessonDates(name))

    def local(self, moment: datetime | None) -> str:
        """A moment as text in the class's time zone, as in the file."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def read(root: Path, lessons: Sequence[str] | None = None) -> ClassSchedule:
    """The schedule of the course in ``root``.

    Parameters
    ----------
    lessons : sequence of str, optional
        The lessons that exist; any other in the file is an error.

    Raises
    ------
    ClassScheduleError
    """
    path = root / NAME
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_DatesAreText)
    except FileNotFoundError:
        raise ClassScheduleError(f"there is no class in {root}. Make one: `course class init roster.csv`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ClassScheduleError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ClassScheduleError(f"{path}{where}: {getattr(error, 'problem', None) or 'this is no YAML'}.") from None
    try:
        return _parsed(content, lessons)
    except ValueError as error:
        raise ClassScheduleError(f"{path}: {error}") from None


def course_id(root: Path, otherwise: str) -> str:
    """The course's id in the exchange, for `nbgrader_config.py`; ``otherwise`` in a course without a class."""
    return read(root).course if (root / NAME).is_file() else otherwise


def exchange(root: Path) -> str:
    """The folder of the exchange that the class chose, for `nbgrader_config.py`; empty when it chose none."""
    return str(read(root).exchange or "") if (root / NAME).is_file() else ""


def draft(course: str, zone: str, exchange: Path | None, lessons: Sequence[str], start: date, days: int) -> str:
    """The text of a first `class.yaml`: a lesson every ``days`` days from ``start``, each due when the next is released."""
    lines = [
        f"# The class's dates, written by `course class init` on {datetime.now(UTC):%Y-%m-%d}. Edit them, then run `course class apply`.",
        "# A release begins with its day and a due date ends with it; `2026-12-01 18:00` is more exact. Either may be left out.",
        f"course: {course}          # its name in nbgrader's exchange",
        f"timezone: {zone}          # of all dates below",
        f"exchange: {exchange or 'null'}          # folder of nbgrader's exchange; null: work is handed in by folder or LMS",
        "judging: on          # learners may run judge(...) where they have the hidden checks; off, or how often an exercise may be judged",
        "lessons:",
    ]
    for i, lesson in enumerate(lessons):
        released = start + timedelta(days=i * days)
        lines += [f"  {lesson}:", f"    release: {released}", f"    due: {released + timedelta(days=days)}"]
    return "\n".join(lines) + "\n"


def _parsed(content: Any, known: Sequence[str] | None) -> ClassSchedule:
    content = _fields(content, FIELDS, "the file")
    course, zone, folder = content.get("course"), content.get("timezone", "UTC"), content.get("exchange")
    if not isinstance(course, str) or not course or "/" in course or course.startswith("."):
        raise ValueError(f"`course:` names the course in the exchange, a folder; it is {course!r}.")
    try:
        timezone = ZoneInfo(str(zone))
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`timezone:` is a name such as Europe/Zurich or UTC; it is {zone!r}.") from None
    if folder is not None and not (isinstance(folder, str) and Path(folder).is_absolute()):
        raise ValueError(f"`exchange:` is null or a folder from the root, such as /srv/nbgrader/exchange; it is {folder!r}.")
    judging = _judging(content.get("judging", True))
    lessons = _fields(content.get("lessons"), None, "`lessons:`")
    if known is not None and (unknown := [name for name in lessons if name not in known]):
        raise ValueError(f"there is no lesson {unknown[0]!r}, but {', '.join(known)}.")
    return ClassSchedule(course, timezone, Path(folder) if folder else None, tuple(_lessons(lessons, timezone)), judging)


def _judging(value: Any) -> int | None:
    if isinstance(value, bool):  # YAML reads `on` and `off` so
        return None if value else 0
    if isinstance(value, int) and value >= 0:
        return value
    raise ValueError(f"`judging:` is on, off or how often an exercise may be judged, such as 3; it is {value!r}.")


def _fields(content: Any, allowed: set[str] | None, where: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"{where} holds names and values; it is {content!r}.")
    if allowed and (unknown := sorted(map(str, set(content) - allowed))):
        raise ValueError(f"{where} knows {', '.join(sorted(allowed))}; not {unknown[0]!r}.")
    return content


def _lessons(lessons: Mapping[str, Any], zone: ZoneInfo) -> Iterator[LessonDates]:
    for name, dates in lessons.items():
        dates = _fields(dates or {}, DATES, f"{name}:")
        release = _moment(dates.get("release"), DAY_BEGINS, zone, f"{name}, release")
        due = _moment(dates.get("due"), DAY_ENDS, zone, f"{name}, due")
        if release and due and due <= release:
            raise ValueError(f"{name} is due before it is released.")
        yield LessonDates(str(name), release, due)


def _moment(value: Any, at: time, zone: ZoneInfo, where: str) -> datetime | None:
    """A date, with or without a time, in UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            if len(value) == len("2026-12-01"):
                return datetime.combine(date.fromisoformat(value), at, zone).astimezone(UTC)
            written = datetime.fromisoformat(value)
            return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
    raise ValueError(f"{where}: a date is written 2026-12-01 or 2026-12-01 18:00; it is {value!r}.")
