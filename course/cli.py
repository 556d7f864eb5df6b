"""The `course` command. Each sub-command lives in its own room and is imported only when it is used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

# name: (module with `main(arguments) -> exit code`, what `course --help` says of it)
COMMANDS = {
    "start": ("course.start", "your own copy of the lessons, and the course's kernel in the JupyterLab that is there"),
    "lab": ("course.lab", "JupyterLab on your own copy of the lessons, the local AWS running"),
    "progress": ("course.grading.progress.command", "what you have done, what it shows, and where to go on"),
    "reveal": ("course.grading.reveal", "the reference answer of an exercise, after passing it or instead"),
    "doctor": ("course.doctor", "what is wrong with this machine, and the command that mends it"),
    "new-exercise": ("course.authoring.scaffold", "the skeletons of a new exercise, for authors"),
    "teaching-note": ("course.authoring.teaching", "a page for whoever teaches a lesson"),
    "coverage": ("course.authoring.coverage", "topics and exam skills that no exercise covers yet, for authors"),
    "release": ("course.release", "the learner's package of one lesson, for instructors"),
    "class": ("course.grading.classroom.command", "a class from a roster: its students, dates and lessons; who has handed in what"),
    "collect": ("course.grading.classroom.collect", "what was handed in, by exchange, folder or an LMS's zip, into submitted/"),
    "grade": ("course.grading.batches.command", "a class: every submission in a sandbox, several at a time"),
    "rescore": ("course.grading.batches.rescore", "a class judged again by mended checks, without a run"),
    "override": ("course.grading.batches.override_command", "a human's decision on an exercise, with its reason"),
    "dashboard": ("course.grading.insight.dashboard", "a class at a glance: exercises, tries, who is stuck, domains of the exam"),
    "explain": ("course.grading.insight.explain", "one score: what it rests on, and whether the same comes out again"),
    "similarity": ("course.grading.insight.similarity", "submissions that are alike beyond what the course explains"),
    "demo-class": ("course.regression.demo_grading", "thirty synthetic learners from roster to dashboard, for instructors to look at"),
    "aws": ("course.localaws.server.cli", "the local AWS alone: start, env, seed, status, events, reset, stop"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sub-command and return its exit code; 2 when there is no such command, 130 when interrupted."""
    name, *arguments = (sys.argv[1:] if argv is None else list(argv)) or ["--help"]
    if name in ("-h", "--help"):
        print(_help())
        return 0
    if name not in COMMANDS:
        print(f"course: there is no command {name!r}.\n\n{_help()}", file=sys.stderr)
        return 2
    try:
        return importlib.import_module(COMMANDS[name][0]).main(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; without this, Python would complain again while it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _help() -> str:
    lines = "\n".join(f"  {name:<13} {text}" for name, (_, text) in sorted(COMMANDS.items()))
    return f"usage: course COMMAND ...\n\n{lines}\n\n`course COMMAND --help` says more."


if __name__ == "__main__":
    sys.exit(main())
