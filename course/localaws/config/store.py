"""The rules of Config with the results of their evaluations, durable below the state folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from course.localaws.core.database import Database
from course.localaws.moto.migration import Migration

SCHEMA = """
CREATE TABLE IF NOT EXISTS rules (region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (region, name))
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule last found about a resource. Times are in Unix seconds.

    Attributes
    ----------
    recorded : float
        When this compliance was first found.
    invoked : float
        When the rule was last evaluated.
    """

    type: str
    id: str
    compliance: str
    annotation: str
    recorded: float
    invoked: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes
    ----------
    id : str
        ``"config-rule-"`` and six characters.
    given : dict
        The ``ConfigRule`` of PutConfigRule.
    status : dict
        Members of ``ConfigRuleEvaluationStatus``.
    results : tuple of Result
    """

    region: str
    name: str
    arn: str
    id: str
    given: dict
    tags: tuple[dict, ...] = ()
    status: dict = field(default_factory=dict)
    results: tuple[Result, ...] = ()

    @property
    def identifier(self) -> str:
        """The managed rule's identifier, e.g. ``"SAGEMAKER_MODEL_IN_VPC"``."""
        return self.given["Source"]["SourceIdentifier"]

    @property
    def parameters(self) -> dict[str, str]:
        return json.loads(self.given.get("InputParameters") or "{}")

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Rule:
        document = json.loads(text)
        document.pop("created", None)  # in state folders of November 2026
        results = tuple(Result(**each) for each in document.pop("results"))
        return cls(**document | {"tags": tuple(document["tags"])}, results=results)


class RuleStore:
    """Rules by region. Methods may be called from any thread.

    Attributes
    ----------
    migration : Migration
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self.migration = Migration(self._database)
        self._changing = threading.RLock()

    def get(self, region: str, name: str) -> Rule | None:
        query = "SELECT document FROM rules WHERE region = ? AND name = ?"
        row = self._database.connection.execute(query, (region, name)).fetchone()
        return Rule.load(row["document"]) if row else None

    def rules(self, region: str | None = None) -> list[Rule]:
        """The rules of a region, or of all, by name."""
        query = "SELECT document FROM rules WHERE ?1 IS NULL OR region = ?1 ORDER BY name"
        return [Rule.load(row["document"]) for row in self._database.connection.execute(query, (region,))]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold this between reading a rule and writing it again."""
        with self._changing:
            yield

    def put(self, rule: Rule) -> None:
        """Store a rule: durable when this returns."""
        with self._changing, self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", (rule.region, rule.name, rule.dump()))

    def delete(self, rule: Rule) -> None:
        with self._changing, self._database.write() as connection:
            connection.execute("DELETE FROM rules WHERE region = ? AND name = ?", (rule.region, rule.name))

    def take_over(self, rules: list[Rule]) -> None:
        """Store the rules of an earlier release, in one transaction. One that was made meanwhile stays."""
        with self._changing, self.migration.ending() as connection:
            rows = [(rule.region, rule.name, rule.dump()) for rule in rules]
            connection.executemany("INSERT OR IGNORE INTO rules VALUES (?, ?, ?)", rows)

    # Life

    def reset(self) -> None:
        """Delete all rules."""
        with self._changing, self.migration.ending() as connection:
            connection.execute("DELETE FROM rules")

    def shutdown(self) -> None:
        self._database.close()
