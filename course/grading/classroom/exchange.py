"""nbgrader's exchange, only where one is configured.

By itself nbgrader looks for ``/usr/local/share/nbgrader/exchange``. When it is missing, the formgrader logs an error at every request, and
its button "Release" creates the folder.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange import ExchangeError, default
from traitlets.config import Config

from course.grading.classroom.exchange_collect import PlainCollect

MISSING = (
    "no exchange is configured. Name its folder in class.yaml (`exchange:`), or take what was handed in with "
    "`course collect --from FOLDER` or `--zip FILE`."
)


def settings() -> Config:
    """The classes of the exchange's actions, for nbgrader's configuration; collecting is `PlainCollect`."""
    found = Config()
    for action, name in ACTIONS.items():
        kind = PlainCollect if action == "collect" else getattr(default, name)
        setattr(found.ExchangeFactory, action, type(f"Configured{name}", (_Configured, kind), {}))
    return found


class _Configured:
    """An action of the exchange that refuses without an exchange."""

    def start(self) -> object:
        if "root" in self.config.Exchange or Path(self.root).is_dir():
            return super().start()
        if isinstance(self, default.ExchangeList):  # the formgrader asks at every request, and then shows that there is none
            raise ExchangeError(MISSING)
        return self.fail(MISSING)


ACTIONS = {
    "collect": "ExchangeCollect",
    "fetch_assignment": "ExchangeFetchAssignment",
    "fetch_feedback": "ExchangeFetchFeedback",
    "list": "ExchangeList",
    "release_assignment": "ExchangeReleaseAssignment",
    "release_feedback": "ExchangeReleaseFeedback",
    "submit": "ExchangeSubmit",
}
