"""Exports graded notebooks as pages: feedback without any script, and the formgrader's page of a submission."""

from __future__ import annotations

import copy
import re
from html import escape
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbformat.notebooknode import NotebookNode

from course import pages
from course.grading.display.notebook import sanitise

SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.IGNORECASE | re.DOTALL)
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
FROM_THE_ROSTER = ("student", "first_name", "last_name")  # nbgrader's template writes them into the page as they are


class _SanitisingExporter(HTMLExporter):
    """Sanitises the notebook before nbconvert reads anything of it, and would refuse what is invalid."""

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, Any]:
        shown = copy.deepcopy(nb)
        sanitise(shown)
        return super().from_notebook_node(shown, resources, **options)


class FeedbackExporter(_SanitisingExporter):
    """nbgrader's feedback without scripts, under a Content-Security-Policy that allows none. Formulas stay as they are written."""

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, Any]:
        html, resources = super().from_notebook_node(nb, resources, **options)
        return HEAD.sub(lambda head: head[0] + pages.POLICY, SCRIPT.sub("", html), count=1), resources


class FormgraderExporter(_SanitisingExporter):
    """The formgrader's page of a submission.

    nbgrader's script needs MathJax, of which the server has a stand-in at ``mathjax``, a URL without a host.
    """

    def __init__(self, mathjax: str, **options: Any) -> None:
        super().__init__(**options)
        self._mathjax = mathjax

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, Any]:
        resources = {name: escape(value) if name in FROM_THE_ROSTER and value else value for name, value in (resources or {}).items()}
        html, resources = super().from_notebook_node(nb, resources, **options)
        return html.replace(HTMLExporter.mathjax_url.default_value, self._mathjax), resources
