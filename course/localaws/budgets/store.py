"""The budgets of the account with their notifications and actions, durable below the state folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from course.localaws.core.database import Database
from course.localaws.moto.migration import Migration

SCHEMA = "CREATE TABLE IF NOT EXISTS budgets (name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"
OK, ALARM = "OK", "ALARM"


@dataclass(slots=True)
class Notification:
    """A notification of a budget.

    Attributes
    ----------
    given : dict
        The ``Notification`` of a request, with all its members but the state.
    subscribers : list of dict
    state : str
        `OK` or `ALARM`.
    sent : float
        The begin of the period for which it was last sent, in Unix seconds; 0 for never.
    """

    given: dict
    subscribers: list[dict]
    state: str = OK
    sent: float = 0.0


@dataclass(slots=True)
class Action:
    """An action of a budget.

    Attributes
    ----------
    given : dict
        Members of CreateBudgetAction, without the account and the tags.
    status : str
    period : float
        The begin of the period in which its threshold was last crossed, in Unix seconds; 0 for never.
    history : list of dict
        Of ``ActionHistory``, oldest first.
    tags : list of dict
    """

    id: str
    given: dict
    status: str = "STANDBY"
    period: float = 0.0
    history: list[dict] = field(default_factory=list)
    tags: list[dict] = field(default_factory=list)


@dataclass(slots=True)
class Budget:
    """A budget.

    Attributes
    ----------
    given : dict
        The ``Budget`` of a request, with defaults.
    updated : float
        Unix seconds.
    actual, forecast : float or None
        What was last computed; None if nothing was.
    """

    given: dict
    updated: float
    actual: float | None = None
    forecast: float | None = None
    notifications: list[Notification] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    tags: list[dict] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.given["BudgetName"]

    def arn(self, account: str) -> str:
        """Source of the form: Budgets API reference, ``Budget``."""
        return f"arn:aws:budgets::{account}:budget/{self.name}"

    @classmethod
    def load(cls, text: str) -> Budget:
        document = json.loads(text)
        notifications = [Notification(**each) for each in document.pop("notifications")]
        actions = [Action(**each) for each in document.pop("actions")]
        return cls(**document, notifications=notifications, actions=actions)


class BudgetStore:
    """Budgets by name. Methods may be called from any thread.

    Attributes
    ----------
    migration : Migration
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self.migration = Migration(self._database)
        self._changing = threading.RLock()

    def get(self, name: str) -> Budget | None:
        row = self._database.connection.execute("SELECT document FROM budgets WHERE name = ?", (name,)).fetchone()
        return Budget.load(row["document"]) if row else None

    def all(self) -> list[Budget]:
        """All budgets, by name."""
        return [Budget.load(row["document"]) for row in self._database.connection.execute("SELECT document FROM budgets ORDER BY name")]

    def any(self) -> bool:
        """Whether there is a budget."""
        return self._database.connection.execute("SELECT 1 FROM budgets LIMIT 1").fetchone() is not None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold this between reading a budget and writing it again."""
        with self._changing:
            yield

    def put(self, budget: Budget) -> None:
        """Store a budget: durable when this returns."""
        with self._changing, self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO budgets VALUES (?, ?)", (budget.name, json.dumps(asdict(budget))))

    def delete(self, name: str) -> None:
        with self._changing, self._database.write() as connection:
            connection.execute("DELETE FROM budgets WHERE name = ?", (name,))

    def take_over(self, budgets: list[Budget]) -> None:
        """Store the budgets of an earlier release, in one transaction. One that was made meanwhile stays."""
        with self._changing, self.migration.ending() as connection:
            rows = [(budget.name, json.dumps(asdict(budget))) for budget in budgets]
            connection.executemany("INSERT OR IGNORE INTO budgets VALUES (?, ?)", rows)

    def reset(self) -> None:
        """Delete all budgets."""
        with self._changing, self.migration.ending() as connection:
            connection.execute("DELETE FROM budgets")

    def shutdown(self) -> None:
        self._database.close()
