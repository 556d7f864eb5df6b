"""Opens nbgrader's gradebook and reads its configuration as nbgrader's own commands do in the course's folder."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderApp
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from traitlets.config import Config

from course.grading.batches.folder import CourseFolder, FolderError


def ignore_warnings() -> None:
    """Ignore warnings of libraries about what nbgrader does, of which nobody who grades can do anything.

    SQLAlchemy warns about how nbgrader makes a new submission, nbformat about cell ids that occur twice, which our repair reports.
    """
    warnings.filterwarnings("ignore", message="Object of type <Submitted")
    warnings.filterwarnings("ignore", category=DuplicateCellId)
    warnings.filterwarnings("ignore", category=MissingIDFieldWarning)


def config(root: Path) -> Config:
    """The configuration of `nbgrader_config.py` in that folder and of this user."""
    with contextlib.chdir(root):
        app = NbGraderApp()
        app.init_syspath()  # a plug-in may be a file of the course's folder
        app.load_config_file()
    return app.config


def url_of(folder: CourseFolder, given: str = "") -> str:
    """The gradebook's URL: the one given, else that of the configuration, else ``gradebook.db`` in the folder.

    ``postgresql://`` uses the installed driver; SQLAlchemy 2.1 would take psycopg, earlier releases psycopg2.

    Raises
    ------
    FolderError
        When it is not a URL.
    """
    configured = config(folder.root)  # also sets PATH, on which nbgrader looks for `alembic`
    url = given or configured.get("CourseDirectory", {}).get("db_url") or f"sqlite:///{folder.root / 'gradebook.db'}"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise FolderError(f"--db takes a URL such as postgresql://USER@HOST/DATABASE, not {url!r}.") from None
    if parsed.drivername == "postgresql" and find_spec("psycopg") is None:
        parsed = parsed.set(drivername="postgresql+psycopg2")
    return parsed.render_as_string(hide_password=False)


@contextlib.contextmanager
def open_gradebook(url: str) -> Iterator[Gradebook]:
    """Open the gradebook.

    Parameters
    ----------
    url : str
        From `url_of`.

    Raises
    ------
    FolderError
        When it cannot be opened; the message hides a password in the URL.
    """
    shown = make_url(url).render_as_string(hide_password=True)
    try:
        book = Gradebook(url)
    except ModuleNotFoundError as error:
        install = "for PostgreSQL, `uv sync --inexact --extra postgres` in the course's repository or `pip install psycopg2-binary`"
        raise FolderError(f"the gradebook {shown} needs the module {error.name!r}, which is not installed; {install}.") from None
    except SQLAlchemyError as error:
        raise FolderError(f"the gradebook {shown} cannot be opened: {str(error).splitlines()[0]}") from None
    with book:
        yield book


def require(assignments: Iterable[str], folder: CourseFolder, url: str) -> None:
    """Raise FolderError unless all assignments are in the gradebook, before hours of grading."""
    with open_gradebook(url) as book:
        for name in assignments:
            try:
                book.find_assignment(name)
            except MissingEntry:
                missing = f"{name} is not in the gradebook; run `nbgrader generate_assignment {name}` in {folder.root}"
                raise FolderError(f"{missing}, with the same --db if one is given.") from None
