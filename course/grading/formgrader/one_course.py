"""Keeps the formgrader in JupyterLab to its own course. Its address names a folder, and nbgrader runs that folder's configuration.

Learners hand in files of any name, so a link in a submission could otherwise have the browser of an instructor run one of them.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

HANDLERS = "nbgrader.server_extensions.formgrader.handlers"
REFUSED = (
    "The formgrader stays in the course in which it was opened, because it would run the nbgrader_config.py of any folder that its address "
    "names. For another course, start JupyterLab in that course's folder."
)


def install() -> None:
    """Make nbgrader's formgrader refuse other folders in this process, if it is a server that has it. A second call changes nothing."""
    handlers = sys.modules.get(HANDLERS)
    if handlers is None or hasattr(handlers.FormgraderHandler.get, "keeps_to_one_course"):
        return
    opened = handlers.FormgraderHandler.get

    @functools.wraps(opened)
    def get(self: handlers.FormgraderHandler) -> None:
        named, own = self.get_argument("path", ""), self.settings["nbgrader_formgrader"].coursedir.root
        if not named or Path(named).resolve() == Path(own).resolve():
            return opened(self)
        self.set_status(403)
        self.set_header("Content-Type", "text/plain")
        self.finish(REFUSED)  # nbgrader's own page for this status would not say why

    get.keeps_to_one_course = True
    handlers.FormgraderHandler.get = get
