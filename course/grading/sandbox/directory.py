"""The folder in which a submission runs. It holds the submission and the files given to learners, and no answers.

========  ==================================================================================
work/     the kernel's working directory: the lesson's folder with a copy of the submission
graders/  the lesson's exercises with their practice checks, as learners have them
aws/      the state folder in which the kernel finds the submission's local AWS
kernel/   the kernel's sockets
grader/   the socket on which the grader waits for answers
========  ==================================================================================
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from course.grading.sandbox.limits import limits
from course.sandbox import trees

GIVEN = "given"  # the folder of a lesson whose files learners may edit
LEFT_OUT = ("*_hidden.py", "answers", "__pycache__", ".ipynb_checkpoints")  # names of graders that learners do not get
# Files of a lesson that learners do not get.
SOURCES = ("*.ipynb", "lesson.yaml", "m[0-9][0-9]_*.py", "reference", "__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True)
class SandboxDirectory:
    """The folder of one submission (see the module). ``notes`` say which submitted files were left out."""

    folder: Path
    lesson: str
    notes: list[str] = field(default_factory=list)

    @property
    def work(self) -> Path:
        return self.folder / "work" / self.lesson

    @property
    def graders(self) -> Path:
        return self.folder / "graders"

    @property
    def aws(self) -> Path:
        return self.folder / "aws"


PREFIX = "sub-"
SOCKET_BYTES = 107  # longest path of a Unix socket: sun_path less its closing zero, Linux unix(7)
LONGEST_SOCKET = "kernel/k-5"


@contextlib.contextmanager
def prepare_directory(source: Path, graders: Path, handed_in: Path, scratch: Path | None = None) -> Iterator[SandboxDirectory]:
    """Make the folder for one submission; removed afterwards.

    Parameters
    ----------
    source : Path
        The lesson's folder. Its given files are added where they were not handed in, since many hand in only the notebook.
    graders : Path
        The folder of all graders.
    handed_in : Path
        The folder of the submitted notebook.
    scratch : Path, optional
        The parent folder; as in `new_folder`.

    Raises
    ------
    OSError
        When the path of ``scratch`` is too long for the sockets in it.
    """
    scratch = scratch or Path(tempfile.gettempdir())
    with new_folder(scratch) as folder:
        if len(os.fsencode(folder / LONGEST_SOCKET)) > SOCKET_BYTES:
            raise OSError(
                f"the path {scratch} is too long: paths of its sockets may have at most {SOCKET_BYTES} bytes. Set TMPDIR to a shorter path."
            )
        place = SandboxDirectory(folder, source.name)
        for each in (place.work, place.aws, place.folder / "kernel", place.folder / "grader"):
            each.mkdir(parents=True)
        place.graders.mkdir()
        trees.copy_tree((graders / source.name).resolve(), place.graders / source.name, selects=_is_for_learners)
        place.notes.extend(_copy(handed_in, place.work))
        restore_given(source, place.work)
        yield place


@contextlib.contextmanager
def new_folder(scratch: Path | None = None) -> Iterator[Path]:
    """A new folder in ``scratch``, by default the system's folder for temporary files; removed afterwards.

    Removes folders that killed graders left there.
    """
    scratch = scratch or Path(tempfile.gettempdir())
    _sweep(scratch)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=scratch))
    try:
        yield folder
    finally:
        trees.remove(folder)


def _is_for_learners(entry: trees.Entry) -> bool:
    return not any(fnmatch(part, pattern) for part in entry.parts for pattern in LEFT_OUT)


def restore_given(source: Path, work: Path) -> None:
    """Copy the files given to learners that are missing in ``work``."""
    ignored = shutil.ignore_patterns(*SOURCES)
    for folder, folders, files in os.walk(source):
        left_out = ignored(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in left_out]
        for name in set(files) - left_out:
            target = work / Path(folder, name).relative_to(source)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(folder, name), target)


def _sweep(scratch: Path) -> None:
    """Remove the folders of graders that were killed."""
    for left in scratch.glob(f"{PREFIX}*-*"):
        with contextlib.suppress(ValueError, PermissionError):
            try:
                os.kill(int(left.name.split("-")[1]), 0)
            except ProcessLookupError:
                trees.remove(left)


def _copy(handed_in: Path, work: Path) -> Iterator[str]:
    """Copy plain files other than notebooks, within the limits; yields a line for each file left out."""
    most, remaining = limits()["handed_in"]["file"], limits()["handed_in"]["all"]
    with trees.Directory.open(handed_in) as source, trees.Directory.open(work) as target:
        for entry in trees.walk(source):
            shown = entry.path.encode(errors="replace").decode()
            if entry.is_folder or entry.name.endswith(".ipynb") or ".ipynb_checkpoints" in entry.parts:
                continue
            if not entry.is_file:
                yield f"{shown} is a link or not a regular file; left out"
            elif entry.status.st_size > min(most, remaining):
                yield f"{shown} has {entry.status.st_size:,} bytes, more than the limit; left out"
            else:
                remaining -= entry.status.st_size
                with (
                    entry.folder.read(entry.name) as file,
                    target.reach(entry.parts[:-1], make=True) as folder,
                    folder.create(entry.name) as copied,
                ):
                    shutil.copyfileobj(file, copied)
