"""Sanitising as the last step of nbgrader's autograding, and as a step of stock nbgrader's formgrader (`nbgrader_config.py`)."""

from __future__ import annotations

from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from traitlets import Bool

from course.grading.display.notebook import sanitise


class SanitiseNotebook(Preprocessor):
    """Leaves nothing in a notebook that could run in a browser."""

    enabled = Bool(True, help="Whether to use this preprocessor when running nbgrader").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        sanitise(nb)
        return nb, resources
