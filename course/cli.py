"""The `course` command. Each sub-command is a module of its own, imported only when it is used."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

# name: (module with `main(arguments) -> exit code`, its line in `course --help`)
COMMANDS = {
    "start": ("course.start", "make your own copy of the lessons and the course's kernel, for a JupyterLab that you have"),
    "lab": ("course.lab", "start the local AWS and open JupyterLab on your own copy of the lessons"),
    "progress": ("course.grading.progress.command", "show what you have done and where to go on"),
    "judge": ("course.grading.judging.command", "judge the answers of a saved notebook with the hidden checks, on fresh cases"),
    "reveal": ("course.grading.reveal", "show the reference answer of an exercise, after passing it or instead"),
    "doctor": ("course.doctor", "find what is wrong with this machine, and the command that repairs it"),
    "new-exercise": ("course.authoring.scaffold", "make the skeleton of a new exercise, for authors"),
    "teaching-note": ("course.authoring.teaching", "write a page for teachers of a lesson"),
    "coverage": ("course.authoring.coverage", "list topics and exam skills that no exercise covers yet, for authors"),
    "release": ("course.release", "make the learner's package of one lesson, for instructors"),
    "class": ("course.grading.classroom.command", "make a class from a roster, and show who has handed in what"),
    "collect": ("course.grading.classroom.collect", "collect submissions from the exchange, a folder or an LMS's zip into submitted/"),
    "grade": ("course.grading.batches.command", "grade a class: every submission in a sandbox, several at a time"),
    "rescore": ("course.grading.batches.rescore", "grade a class again with corrected checks, without running it"),
    "override": ("course.grading.batches.override_command", "record an instructor's decision on an exercise, with its reason"),
    "formgrade": (
        "course.grading.formgrader.command",
        "open nbgrader's formgrader, in a server in which no learner's script can run",
    ),
    "dashboard": ("course.grading.insight.dashboard", "show a class at a glance: exercises, tries, who is stuck, domains of the exam"),
    "explain": ("course.grading.insight.explain", "show the evidence of one score, and compute it again"),
    "similarity": ("course.grading.insight.similarity", "find submissions that are more similar than the course explains"),
    "demo-class": (
        "course.regression.demo_grading",
        "grade thirty synthetic learners from roster to dashboard, for instructors to look at",
    ),
    "aws": ("course.localaws.server.cli", "control the local AWS: start, env, seed, add-image, status, clock, events, reset, stop"),
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
        # The reader closed the pipe. Without this, Python would report an error again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _help() -> str:
    lines = "\n".join(f"  {name:<13} {text}" for name, (_, text) in sorted(COMMANDS.items()))
    return f"usage: course COMMAND ...\n\n{lines}\n\n`course COMMAND --help` says more."


if __name__ == "__main__":
    sys.exit(main())
