"""The rules for every notebook of the course: shape, accessibility, cold starts. `lint.yaml` holds the numbers and the words.

A rule is a generator over a `LessonSource`. To add one, write it and put it into `RULES`. Rules about exercises are in
`lint_exercises`, rules about the code of checks in `lint_checks`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from course import canary
from course.authoring import build, consistency, lint_checks, lint_exercises, source
from course.authoring.consistency import Problem
from course.authoring.lesson import LINK, LessonSource, count_words, settings
from course.authoring.source import Source, SourceError
from course.grading import DefinitionError, Exercise, catalogue

HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.M)
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\([^)]*\)|<img\b(?P<html>[^>]*)>", re.I)
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\S", re.M)
NUMBERED = re.compile(r"^\s*\d+[.)]\s+\S", re.M)
DOLLAR = re.compile(r"(?<![\\$])\$\d[\d.,]*")
ESCAPED_DOLLAR = re.compile(r"\\\$")
PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
CODE_SPAN = re.compile(r"(`+)[^`].*?\1", re.S)
REFERENCE = re.compile(rf"^\s*{consistency.BEGIN}$.*?^\s*{consistency.END}$", re.M | re.S)
PROGRESS = "course progress"
PLOT = re.compile(r"\bplt\.\w+\(|\.plot(\.\w+)?\(|\.(hist|barh?|scatter|imshow|boxplot)\(")


def one_title(lesson: LessonSource) -> Iterator[Problem]:
    titles = [cell for cell in lesson.markdown for mark, _ in HEADING.findall(lesson.prose(cell)) if mark == "#"]
    if not titles or titles[0] is not lesson.cells[0]:
        yield lesson.problem(lesson.cells[0], "the first cell is Markdown and begins with the title, `# ...`.")
    for cell in titles[1:]:
        yield lesson.problem(cell, "a second title; a notebook has one `# ...`, sections begin with `## ...`.")


def heading_levels(lesson: LessonSource) -> Iterator[Problem]:
    last = 1  # the title's; `one_title` reports a missing title
    for cell in lesson.markdown:
        for mark, text in HEADING.findall(lesson.prose(cell)):
            if len(mark) > last + 1:
                yield lesson.problem(cell, f"heading {text!r} skips a level; after `{'#' * last}` comes at most `{'#' * (last + 1)}`.")
            last = len(mark)


def alternative_texts(lesson: LessonSource) -> Iterator[Problem]:
    for cell in lesson.markdown:
        for image in IMAGE.finditer(lesson.prose(cell)):
            alt = image["alt"]
            if alt is None:
                found = re.search(r"\balt\s*=\s*(['\"])(.*?)\1", image["html"] or "")
                alt = found[2] if found else ""
            if len(alt.split()) < 3:
                yield lesson.problem(cell, f"image {image[0][:60]!r} needs an alt text that states its finding in words.")


def link_texts(lesson: LessonSource) -> Iterator[Problem]:
    for cell in lesson.markdown:
        text = lesson.prose(cell)
        for link in LINK.finditer(text):
            words = link["text"].strip(" .`*_").lower()
            if not words or words in settings()["empty_links"] or words.startswith("http"):
                yield lesson.problem(cell, f"link {link[0][:60]!r}: the words of a link say where it goes.")
        for link in LINK.finditer(text):
            # JupyterLab opens files and sections. A link to a folder ends in "File Load Error".
            path = link["target"].partition("#")[0]
            if path and "://" not in path and not Path(path).suffix:
                yield lesson.problem(cell, f"link {link[0][:60]!r} goes to a folder, which JupyterLab cannot open; name a file in it.")
        if bare := re.search(r"(?<![(<\"'=`\w])https?://[^\s)>`]+", text):
            yield lesson.problem(cell, f"bare address {bare[0][:60]!r}; write it as [words that say where it goes](address).")


def dollars(lesson: LessonSource) -> Iterator[Problem]:
    for cell in lesson.markdown:
        text = CODE_SPAN.sub("", lesson.prose(cell))
        if match := DOLLAR.search(text):
            yield lesson.problem(cell, f"{match[0]!r}: JupyterLab reads a pair of dollar signs as mathematics; write \\{match[0]}.")
        if any(len(ESCAPED_DOLLAR.findall(paragraph)) > 1 for paragraph in PARAGRAPH_END.split(text)):
            # JupyterLab's Markdown removes the backslashes before its mathematics looks for pairs.
            yield lesson.problem(
                cell, "two dollar signs in a paragraph: JupyterLab still reads them as mathematics; write dollars or cents."
            )


def code_cells(lesson: LessonSource) -> Iterator[Problem]:
    most = settings()["code_lines"]
    for before, cell in zip((None, *lesson.cells), lesson.cells, strict=False):
        if cell.kind != "code":
            continue
        lines = len([line for line in cell.text.splitlines() if line.strip() not in (consistency.BEGIN, consistency.END)])
        if lines > most:
            yield lesson.problem(cell, f"{lines} lines of code; split the cell, one idea each, at most {most} lines.")
        if before and before.kind == "code" and not (cell.role == "check" and before.role == "answer"):
            yield lesson.problem(cell, "two code cells in a row; write between them what the first showed and why the next comes.")
        if PLOT.search(cell.text) and cell.role != "answer":
            after = lesson.cells[cell.number] if cell.number < len(lesson.cells) else None
            if after is None or after.kind != "markdown":
                yield lesson.problem(cell, "a plot without words after it; say what it shows, for readers who cannot see it.")


def code_width(lesson: LessonSource) -> Iterator[Problem]:
    """JupyterLab cuts longer lines off in a window of 1,280 pixels. Reference answers are not in the learner's notebook."""
    most = settings()["code_columns"]
    for cell in lesson.code:
        for line in REFERENCE.sub("", cell.text).splitlines():
            if len(line) > most:
                shown = f"{line.strip()[:40]}…"
                yield lesson.problem(cell, f"a line of {len(line)} columns, {shown!r}; at most {most} fit on a page.")


def length(lesson: LessonSource) -> Iterator[Problem]:
    """Counts what a learner reads: text, tables and hints."""
    count, most = sum(count_words(lesson.prose(cell)) for cell in lesson.markdown), settings()["words"]
    if count > most:
        yield lesson.problem(lesson.cells[0], f"{count:,} words to read; shorten the notebook to {most:,}, or divide it.")


def size(lesson: LessonSource) -> Iterator[Problem]:
    last = lesson.cells[-1]
    fewest, most = settings()["cells"]
    if not fewest <= len(lesson.cells) <= most:
        yield lesson.problem(last, f"{len(lesson.cells)} cells; a sitting has {fewest} to {most}.")
    fewest, most = lesson.setting("exercises")
    if not fewest <= len(lesson.notebook_exercises) <= most:
        yield lesson.problem(
            last, f"{len(lesson.notebook_exercises)} exercises; this notebook takes {f'{fewest} to {most}' if fewest < most else most}."
        )
    total = sum(exercise.points for exercise in lesson.notebook_exercises)
    if total != lesson.setting("points"):
        yield lesson.problem(last, f"the exercises give {total:g} points; change their parts to a sum of {lesson.setting('points')}.")


def opening(lesson: LessonSource) -> Iterator[Problem]:
    first = lesson.code[0].number if lesson.code else len(lesson.cells) + 1
    text = "\n\n".join(lesson.prose(cell) for cell in lesson.cells[: first - 1])
    for words, why in settings()["opening"].items():
        if not _opens(words, text):
            yield lesson.problem(lesson.cells[0], f"before the first code cell, {why}; begin it with **{words}**.")
    goals = len(ITEM.findall(re.split(r"\n\s*\n(?=\S)", text.partition("By the end you can")[2].lstrip("\n*: …."))[0]))
    fewest, most = settings()["goals"]
    if _opens("By the end you can", text) and not fewest <= goals <= most:
        yield lesson.problem(lesson.cells[0], f"**By the end you can** is followed by {goals} list items; give {fewest} to {most}.")
    if _opens("Cost", text) and "$0" not in text:
        yield lesson.problem(lesson.cells[0], "**Cost** does not say that the local run costs $0.")


def _opens(words: str, text: str) -> bool:
    return re.search(rf"^\W*{re.escape(words)}\b", text, re.M | re.I) is not None


def closing(lesson: LessonSource) -> Iterator[Problem]:
    last = lesson.cells[-1]
    tail = lesson.cells[max((cell.number for cell in lesson.cells if cell.role), default=0) :]
    text = "\n\n".join(lesson.prose(cell) for cell in tail if cell.kind == "markdown")
    titles = [title.rstrip(" :….").lower() for _, title in HEADING.findall(text)]
    for words, why in settings()["closing"].items():
        if words.lower() not in titles:
            yield lesson.problem(last, f"after the last exercise comes a section `## {words}`: {why}.")
    questions = re.split(r"^#+ .*", re.split(r"^#+ Recall.*$", text, flags=re.M | re.I)[-1], flags=re.M)[0]
    if "recall" in titles and len(NUMBERED.findall(questions)) != settings()["recall_questions"]:
        yield lesson.problem(last, f"Recall asks {len(NUMBERED.findall(questions))} questions; it asks {settings()['recall_questions']}.")
    if PROGRESS not in text:
        yield lesson.problem(last, f"the end of a notebook names `{PROGRESS}`, which shows what is judged right and where to go on.")
    if not lesson.code or "cleanup(" not in lesson.code[-1].text:
        yield lesson.problem(lesson.code[-1] if lesson.code else last, "the last code cell cleans up: `aws.cleanup()`.")


def parameters(lesson: LessonSource) -> Iterator[Problem]:
    tagged = [cell for cell in lesson.code if "parameters" in cell.tags]
    if len(tagged) != 1:
        where = tagged[1] if tagged else lesson.cells[0]
        yield lesson.problem(where, f'{len(tagged)} cells are tagged parameters; exactly one is, with `# %% tags=["parameters"]`.')


def forbidden(lesson: LessonSource) -> Iterator[Problem]:
    for cell in lesson.cells:
        patterns = settings()["forbidden_anywhere"] | (settings()["forbidden_code"] if cell.kind == "code" else {})
        for pattern, instead in patterns.items():
            if match := re.search(pattern, cell.text):
                yield lesson.problem(cell, f"{match[0]!r}: {instead}.")


def exam_wording(lesson: LessonSource) -> Iterator[Problem]:
    for cell in lesson.markdown:
        for pattern in settings()["exam_wording"]:
            if match := re.search(pattern, lesson.prose(cell)):
                yield lesson.problem(cell, f"{match[0]!r} is worded like a real exam question; ask about this notebook's story.")


def marked_as_secret(lesson: LessonSource) -> Iterator[Problem]:
    if canary.TOKEN not in lesson.source.header:
        yield Problem(source.place(lesson.source.path, 1), f"the file begins with the comment `# {canary.NOTE}`.")


RULES: tuple[Callable[[LessonSource], Iterator[Problem]], ...] = (
    marked_as_secret,
    one_title,
    heading_levels,
    opening,
    parameters,
    code_cells,
    code_width,
    alternative_texts,
    link_texts,
    dollars,
    forbidden,
    exam_wording,
    size,
    length,
    closing,
    *lint_exercises.RULES,
)


def lint(parsed: Source, exercises: Mapping[str, Exercise]) -> list[Problem]:
    """All problems of a source. Rules of shape apply only when `consistency` finds no problem.

    Raises
    ------
    SourceError
        When an admonition is malformed.
    """
    if found := consistency.problems(parsed, exercises):
        return found
    lesson = LessonSource(parsed, exercises)
    return [problem for rule in RULES for problem in rule(lesson)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Lint the named sources, or all sources of the course in the working directory; prints a line for each problem."""
    root = Path.cwd()
    named = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    paths = named or [path for lesson in build.lessons(root) for path in sorted((root / build.SOLUTIONS / lesson).glob("m*.py"))]
    found: list[str] = []
    for path in filter(source.is_source, paths):
        try:
            parsed, exercises = source.read(path), catalogue.exercises(root / "graders")
            found += map(str, lint(parsed, exercises) + lint_checks.lint(root / "graders", parsed.notebook, exercises))
        except (SourceError, DefinitionError) as error:
            found.append(str(error))
    print("\n".join(found) or f"{len(paths)} sources: no problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
