"""nbgrader's handlers of the formgrader, with a policy for each page, checked names, and a log of manual scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import Template404
from nbformat.v4 import new_notebook
from nbgrader.api import MissingEntry
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler
from tornado import web

from course.grading.batches import manual_scores
from course.grading.batches.folder import CourseFolder
from course.grading.formgrader.content_security_policy import OURS, policy

# nbgrader writes the names of a page's address into the page. Those of assignments, notebooks and students have none of these characters.
UNSAFE = re.compile(r"[<>\"\\\x00-\x1f\x7f]")
POLICY = "Content-Security-Policy"


class _Checked:
    """Refuses addresses with characters that nbgrader would write into a page."""

    async def prepare(self) -> None:
        await super().prepare()
        for each in (*self.path_args, *self.path_kwargs.values()):
            if each and UNSAFE.search(each):
                raise web.HTTPError(404)


class _Page(_Checked):
    """A page, under a policy that allows the scripts of its template."""

    template = ""  # the page without content of a learner; the page itself where it has none

    def write(self, chunk: Any) -> None:
        if isinstance(chunk, str):
            self.set_header(POLICY, policy(f"{self.request.protocol}://{self.request.host}", self.template or chunk))
        super().write(chunk)


class Home(_Page, BaseHandler):
    """The first page. nbgrader's own also loads the configuration of any folder that the address names, as Python code."""

    @web.authenticated
    def get(self) -> None:
        self.redirect(f"{self.base_url}/formgrader/gradebook")


class Submission(_Page, handlers.SubmissionHandler):
    """The page of a submission. Its policy is that of the same page around an empty notebook."""

    @property
    def exporter(self) -> Submission:
        return self

    def from_filename(self, filename: str, resources: Mapping[str, Any]) -> tuple[str, Any]:
        exporter = self.settings["nbgrader_exporter"]
        self.template, _ = exporter.from_notebook_node(new_notebook(), resources=dict(resources))
        return exporter.from_filename(filename, resources=dict(resources))


class Grade(_Checked, apihandlers.GradeHandler):
    """One score. What a person writes over the grader's is logged."""

    @web.authenticated
    def put(self, grade_id: str) -> None:
        try:
            before = self.gradebook.find_grade_by_id(grade_id).manual_score
        except MissingEntry:
            raise web.HTTPError(404) from None
        super().put(grade_id)
        manual_scores.record(CourseFolder(Path(self.coursedir.root)), self.gradebook.find_grade_by_id(grade_id), before)


# Learners' files are not served: what a notebook shows has its pictures inside.
REPLACED = {
    handlers.FormgraderHandler: Home,
    handlers.SubmissionHandler: Submission,
    handlers.SubmissionFilesHandler: Template404,
    apihandlers.GradeHandler: Grade,
}


def routes() -> list[tuple]:
    """nbgrader's routes with these handlers, for a server at ``/``."""
    found = [(pattern, _ours(handler), *rest) for pattern, handler, *rest in (*apihandlers.default_handlers, *handlers.default_handlers)]
    return [
        (r"/formgrader/static/(.*)", web.StaticFileHandler, {"path": handlers.static_path}),
        (rf"{OURS}(.*)", web.StaticFileHandler, {"path": str(Path(__file__).with_name("static"))}),
        *found,
        (r"/formgrader/.*", Template404),
    ]


def _ours(handler: type) -> type:
    if handler in REPLACED:
        return REPLACED[handler]
    if issubclass(handler, BaseApiHandler):
        return type(handler.__name__, (_Checked, handler), {})
    return type(handler.__name__, (_Page, handler), {}) if issubclass(handler, BaseHandler) else handler
