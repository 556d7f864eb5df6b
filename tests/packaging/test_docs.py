"""Tests that everything that the documents name exists: files, folders, links, commands, and the exercises of each pattern."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderApp

from course import cli
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

FENCE = re.compile(r"^```.*?^```", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A path contains a folder, or has a suffix that only the repository's files have: a run writes JSON, HTML and CSV.
PATH = re.compile(r"(?:[\w.*<>…\[\]-]+/)+(?:[\w.*<>…-]+\.\w+|\*)?|[\w*<>-]+\.(?:py|md|toml|yml)")
LONE_FOLDER = re.compile(r"[^/]+/")
# Placeholders for a variable name: "<lesson>", "…", "mNN_topic", "mNN_K_name".
PLACEHOLDER = re.compile(r"<[^>]+>|…|(?<=mNN)_topic|(?<=mNN)_K_name")


def code_of(text: str) -> list[str]:
    """The code spans, and the lines of the fenced blocks, of a document."""
    fenced = [line for block in FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return SPAN.findall(FENCE.sub("", text)) + fenced


@cache
def tracked() -> frozenset[str]:
    """The repository's files, and its folders with a slash at their ends."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return frozenset(listed) | {f"{folder}/" for name in listed for folder in Path(name).parents if folder.name}


@cache
def made() -> frozenset[str]:
    """The folders that a run makes and git ignores."""
    return frozenset(line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line.startswith("/"))


def lost_paths(text: str) -> Iterator[str]:
    """The paths in code spans that match the end of no path in the repository. Lone folders, such as ``given/``, are skipped."""
    for span in SPAN.findall(FENCE.sub("", text)):
        path = span.removeprefix("python ").split(" ")[0]
        if not PATH.fullmatch(path) or LONE_FOLDER.fullmatch(path) or path.partition("/")[0] in made():
            continue
        pattern = PLACEHOLDER.sub("*", path).replace("mNN", "m[0-9][0-9]_")
        if not any(fnmatchcase(name, pattern) or fnmatchcase(name, f"*/{pattern}") for name in tracked()):
            yield path


def lost_links(document: Path, text: str) -> Iterator[str]:
    """Relative links whose file or heading does not exist."""
    for target in LINK.findall(text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        if not path.exists() or anchor and anchor not in anchors(path.read_text()):
            yield target


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def lost_commands(lines: list[str]) -> Iterator[str]:
    """Commands that begin a line, or are in its ``$(...)``, and do not exist."""
    for line in lines:
        for command in re.findall(r"(?:^|\$\(|&& )(?:[A-Z_]+=\S+ )?((?:make|course|nbgrader|python -m)(?: [\w.-]+)+)", line.strip()):
            program, *words = command.removeprefix("python -m ").split()
            if command.startswith("python -m"):
                known = importlib.util.find_spec(program) is not None
            elif program == "make":
                known = words[0] in targets()
            elif program == "nbgrader":
                known = words[0] in NbGraderApp.subcommands
            else:
                known = course_answers(*words[: 2 if words[0] == "aws" else 1])
            if not known:
                yield command


@cache
def targets() -> frozenset[str]:
    return frozenset(re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.M)[1].split())


@cache
def course_answers(*words: str) -> bool:
    """Whether ``course ... --help`` exits with 0."""
    try:
        return cli.main([*words, "--help"]) == 0
    except SystemExit as end:
        return end.code == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(document, capsys):
    text = document.read_text()
    assert list(lost_paths(text)) == []
    assert list(lost_links(document, text)) == []
    assert list(lost_commands(code_of(text))) == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_runs_exists(workflow, capsys):
    runs = re.findall(r"- run: (.+)", workflow.read_text())
    assert runs and list(lost_commands(runs)) == []


def test_what_does_not_exist_is_found(capsys):
    text = "# A\n`course/cli.py` `course/gone.py` `mNN_topic/mNN_K_gone.py` `gone.py` `text/csv` [a](#a) [b](#b) [c](gone.md)\n"
    assert list(lost_paths(text)) == ["course/gone.py", "mNN_topic/mNN_K_gone.py", "gone.py"]
    assert list(lost_links(ROOT / "README.md", text.replace("#a", "#licence"))) == ["#b", "gone.md"]
    lines = ["make run", "make gone", 'eval "$(course aws gone)"', "course aws env", "nbgrader gone m04", "X=1 python -m course.gone"]
    assert list(lost_commands(lines)) == ["make gone", "course aws gone", "nbgrader gone m04", "python -m course.gone"]


def test_the_patterns_list_every_exercise_that_has_one():
    text = (ROOT / "docs" / "exercise-patterns.md").read_text()
    rows = re.findall(r"^\| \[(\d+)\. .+?\]\(#.+?\) \| (.+) \|$", text, re.M)
    listed = {int(number): set(SPAN.findall(exercises)) for number, exercises in rows}
    there = catalogue.exercises(ROOT / "graders").values()
    assert listed == {number: {exercise.id for exercise in there if exercise.pattern == number} for number in range(1, 11)}


def test_every_pattern_in_use_has_a_worked_example():
    sections = re.split(r"^## (?=\d+\. )", (ROOT / "docs" / "exercise-patterns.md").read_text(), flags=re.M)[1:]
    worked = {(int(section.split(".")[0]), id) for section in sections for id in re.findall(r"^### Worked example: `(\w+)`", section, re.M)}
    patterns = {exercise.id: exercise.pattern for exercise in catalogue.exercises(ROOT / "graders").values() if exercise.pattern}
    assert worked <= {(pattern, id) for id, pattern in patterns.items()}
    assert {pattern for pattern, _ in worked} == set(patterns.values())
