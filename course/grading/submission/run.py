"""Runs one submitted notebook in its sandbox while the grader judges the evidence of its check cells."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from course import datasets, interrupts
from course.grading import catalogue, render
from course.grading.exercise import seeds
from course.grading.exercise.exercise import Exercise
from course.grading.sandbox import aws, limits
from course.grading.sandbox.directory import SandboxDirectory, prepare_directory
from course.grading.sandbox.kernel import SandboxedKernelManager
from course.grading.sandbox.kernel_messages import SHOWN
from course.grading.sandbox.one_package import PackagesError, require_one_package
from course.grading.submission.judge_process import JudgeProcess
from course.grading.submission.server import GradingOutcome, listening
from course.sandbox.box import Box
from course.sandbox.isolation import isolation, untrusted_user
from course.sandbox.mounts import BindMount

CELL_SECONDS = 300.0
INTERRUPT_SECONDS = 20  # how long a kernel may take to return from an interrupt before it is killed
OUTPUT_BYTES = 200  # that an output takes beside its content
SILENCE = 300  # characters of an error that a report repeats
LIMITS = {
    "memory": "it used more memory than a submission may",
    "processes": "it started more processes than a submission may",
    "disk": "it wrote more to the disk than a submission may",
}


class StartError(Exception):
    """The submission could not be run, through no fault of its own; the message says why, with the last output of its kernel."""


@dataclass(frozen=True)
class Submission:
    """The submission to grade.

    Attributes
    ----------
    source : Path
        The lesson's folder in the course.
    handed_in : Path
        The folder in which the notebook was handed in.
    graders : Path
        The folder of all graders.
    holder : socket.socket
        The connection to the process that holds the seed, and knows the student and the learner (`seed_holder`).
    learner : str
        The learner whose variants the notebook worked on.
    kernels : str
        Address of the forkserver of kernels (`course.grading.sandbox.kernel_forkserver`); empty for none.
    aws : str
        Address of the forkserver of local AWSs (`course.localaws.server.boxed`). If it is empty, each run starts its own.
    """

    source: Path
    handed_in: Path
    graders: Path
    holder: socket.socket
    learner: str = seeds.SELF_STUDY
    kernels: str = ""
    aws: str = ""


@dataclass
class NotebookRun:
    """The result of one run.

    Attributes
    ----------
    outcomes : dict
        Check cell -> `GradingOutcome`.
    sandbox : str
        How it was isolated: a value of `course.sandbox.isolation.Isolation`.
    notes : list of str
        What was left out, cut off or ended, for the instructor.
    seconds : float
        Duration of the whole run.
    again : dict
        Check cell -> why the submission has to run once more, alone (`course.grading.submission.blame`).
    """

    outcomes: dict[str, GradingOutcome] = field(default_factory=dict)
    sandbox: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    again: dict[str, str] = field(default_factory=dict)


def run_once(
    notebook: NotebookNode,
    submission: Submission,
    released: Sequence[NotebookNode] = (),
    cell_seconds: float = CELL_SECONDS,
    on_outcome: Callable[[GradingOutcome], None] = lambda outcome: None,
) -> NotebookRun:
    """Execute a repaired notebook once, and judge its exercises. `course.grading.submission.blame.run` decides whose fault a failure is.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place: the outputs of its cells are replaced; check cells get the grader's reports.
    submission : Submission
    released : sequence of NotebookNode
        Cells of the released notebook. They decide which exercises are graded and whether an AWS is needed, not the submission.
    cell_seconds : float
        Time limit of a cell that is neither an answer nor a check.
    on_outcome : callable
        Called with each outcome as soon as its check cell has run.

    Raises
    ------
    StartError
    """
    started = time.monotonic()
    try:
        require_one_package(submission.graders.parent)
    except PackagesError as error:
        raise StartError(str(error)) from None
    names = (str(cell.metadata.get("nbgrader", {}).get("grade_id")) for cell in released or notebook.cells)
    checks = catalogue.checks(names, submission.graders)
    with interrupts.raise_on_signal(), contextlib.ExitStack() as stack:
        place = stack.enter_context(prepare_directory(submission.source, submission.graders, submission.handed_in))
        needed = aws.uses_aws([*notebook.cells, *released])
        own_aws = stack.enter_context(aws.submission_aws(place.aws, submission.aws)) if needed else aws.none()
        listener = stack.enter_context(listening(place.folder / "grader"))
        server = stack.enter_context(JudgeProcess(submission.holder, listener, submission.graders, own_aws.environment))
        box = _box(place, server, own_aws, submission.learner)
        kernel = SandboxedKernelManager(box, place.folder / "kernel", place.work, limits.limits()["message"], submission.kernels)
        stack.callback(kernel.close)
        done = NotebookRun(sandbox=isolation(), notes=place.notes)
        _Client(notebook, kernel, server, checks, done, cell_seconds, on_outcome).run()
    done.seconds = time.monotonic() - started
    return done


def _box(place: SandboxDirectory, server: JudgeProcess, own_aws: aws.SubmissionAws, learner: str) -> Box:
    data = [BindMount(folder) for folder in _data()]
    environment = {
        "COURSE_BACKEND": "local",
        "COURSE_GRADERS": str(place.graders),
        "COURSE_GRADER_SOCKET": server.address,
        "COURSE_LEARNER": learner,
        "COURSE_LOCALAWS_STATE": str(place.aws),
    }
    if data:
        environment["COURSE_DATA"] = str(data[0].source)
    return Box(place.folder / "work", environment, limits.box("kernel"), network=own_aws.network, binds=data, user=untrusted_user())


def _data() -> list[Path]:
    """The course's data folder; empty for a course without data."""
    with contextlib.suppress(datasets.DatasetError):
        return [datasets.folder()]
    return []


class _Client(NotebookClient):
    """nbclient for a kernel in a box; it announces each check cell to the grader and replaces the cell's outputs."""

    def __init__(
        self,
        notebook: NotebookNode,
        kernel: SandboxedKernelManager,
        server: JudgeProcess,
        checks: Mapping[str, Exercise],
        done: NotebookRun,
        cell_seconds: float,
        on_outcome: Callable[[GradingOutcome], None],
    ) -> None:
        super().__init__(
            notebook,
            km=kernel,
            allow_errors=True,
            shutdown_kernel="immediate",  # a submission need not clean up
            interrupt_on_timeout=True,
            iopub_timeout=INTERRUPT_SECONDS,
            raise_on_iopub_timeout=True,
            error_on_timeout={"ename": "CellTimeoutError", "evalue": "the cell ran out of time", "traceback": []},
            timeout_func=self._limit,
            on_cell_executed=_keep_error,
        )
        self._server, self._done, self._cell_seconds = server, done, cell_seconds
        self._checks, self._on_outcome = checks, on_outcome
        self._answers = {exercise.answer_cell: exercise for exercise in checks.values()}
        self._dead = ""  # why the kernel ended
        self._shown = 0  # bytes of this cell's output so far
        self._kept = 0  # bytes of output kept of all cells
        self._full: set[int] = set()  # cells of which output was left out
        self._deadline = time.monotonic() + limits.limits()["notebook_seconds"]

    def run(self) -> None:
        """Run all cells. Raises `StartError` when the kernel cannot be started."""
        kernel = self.km
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self.setup_kernel(cleanup_kc=True))
            except RuntimeError as error:
                raise StartError(f"the kernel could not be started: {error} {kernel.last_output}".rstrip()) from error
            for index, cell in enumerate(self.nb.cells):
                self._visit(cell, index)

    def _visit(self, cell: NotebookNode, index: int) -> None:
        exercise = self._checks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if exercise:
            self._server.expect(exercise)
        self._execute(cell, index)
        if exercise:
            outcome = self._server.settle(exercise, self._dead or _silence(cell))
            self._done.outcomes[exercise.check_cell] = outcome
            cell.outputs = outputs(outcome)
            self.clear_display_id_mapping(index)  # no later cell can update what the grader shows here
            self._on_outcome(outcome)

    def _execute(self, cell: NotebookNode, index: int) -> None:
        if not self._dead and time.monotonic() > self._deadline:
            minutes = limits.limits()["notebook_seconds"] / 60
            self._end(f"The notebook was ended before cell {index + 1}, at the limit of {minutes:.3g} minutes for all its cells.")
        if self._dead:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            return
        self._shown = 0
        try:
            self.execute_cell(cell, index, store_history=True)
        except DeadKernelError:
            why = LIMITS.get(self.km.limit)
            self._end(f"The kernel died in cell {index + 1}" + (f": {why}." if why else ", before this check."))
        except CellTimeoutError:  # it did not react to the interrupt that follows a time-out
            self._end(f"The kernel hung in cell {index + 1} and could not be interrupted.")

    def _end(self, why: str) -> None:
        self._dead = why
        self._done.notes.append(why)
        self.km.kill()

    def _limit(self, cell: NotebookNode) -> float:
        """Seconds that a cell may run: the exercise's own limit for an answer, the longest wait of the grader for a check."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        seconds = self._cell_seconds
        if name in self._answers:
            seconds = self._answers[name].seconds
        elif name in self._checks:
            # the limits of the practice and the graded check, and time for the checks themselves
            seconds = 2 * self._checks[name].seconds + 30
        return max(0.001, min(seconds, self._deadline - time.monotonic()))  # nbclient takes 0 for no limit

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] in SHOWN and not self._keeps(msg, cell, cell_index):
            return None
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs: list, msg: dict, cell_index: int) -> None:
        """Ignore it: comms are for widgets in a browser, and no browser is here."""

    def _keeps(self, msg: dict, cell: NotebookNode, index: int) -> bool:
        """Whether an output is kept. The first of a cell that is not leaves a note; too many of one cell interrupt the kernel."""
        numbers, size = limits.limits(), msg["size"] + OUTPUT_BYTES
        before, self._shown = self._shown, self._shown + size
        if self._shown <= numbers["cell_output"] and self._kept + size <= numbers["notebook_output"]:
            self._kept += size
            return True
        if before <= numbers["cell_output"] < self._shown:
            self._note(cell, f"cell {index + 1} showed more than {numbers['cell_output']:,} bytes and was interrupted")
            self.km.interrupt()
        elif index not in self._full:
            most = f"{numbers['notebook_output']:,} bytes"
            self._note(cell, f"outputs of cell {index + 1} were left out: the notebook showed more than {most}")
        self._full.add(index)
        return False

    def _note(self, cell: NotebookNode, what: str) -> None:
        self._done.notes.append(what)
        cell.outputs.append(new_output("stream", name="stderr", text=f"[grader] {what}\n"))


def _keep_error(cell: NotebookNode, execute_reply: dict, **_: object) -> None:
    """Add the error of a failed cell if its outputs lack it: a submission may keep the kernel from showing it."""
    reply = execute_reply["content"]
    if reply["status"] == "error" and not any(output.output_type == "error" for output in cell.outputs):
        cell.outputs.append(new_output("error", ename=reply["ename"], evalue=reply["evalue"], traceback=reply["traceback"]))


def outputs(outcome: GradingOutcome) -> list[NotebookNode]:
    """The outputs of a graded check cell: the report, and the score as nbgrader itself would read it."""
    report = outcome.report
    data = {"text/plain": render.as_text(report), "text/html": render.as_html(report)}
    shown = [new_output("display_data", data=data)]
    if outcome.score is not None:
        shown.append(new_output("execute_result", data={"text/plain": repr(outcome.score)}))
    return shown


def _silence(cell: NotebookNode) -> str:
    """Why a check cell ended without offering evidence to the grader."""
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            return f"The check cell stopped with {output.ename}: {output.evalue}".rstrip(": ")[:SILENCE]
    return "The check cell handed nothing to the grader."
