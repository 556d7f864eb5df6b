"""What moto kept in an earlier release is taken over once; a new state folder has nothing to take over."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.moto.migration import Migration
from course.localaws.server.app import LocalAws
from tests.localaws.moto import earlier_release

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT)"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A state folder in which moto has answered a request."""
    earlier_release.journal(tmp_path, earlier_release.request("kms", "TrentService.CreateKey", {}))
    return tmp_path


def migration_of(folder: Path) -> tuple[Database, Migration]:
    database = Database(folder / "things.db", SCHEMA)
    return database, Migration(database)


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.connection.execute("SELECT name FROM things")]


def test_no_service_of_a_new_state_folder_waits_for_moto(tmp_path: Path) -> None:
    aws = LocalAws(tmp_path, "http://127.0.0.1:1")
    try:
        stores = [aws.platform.keys, *(aws.services[name].backend.store for name in ("secretsmanager", "config"))]
        assert not any(store.migration.pending for store in stores)
        assert not Migration(Database(tmp_path / "things.db", SCHEMA)).pending  # moto's journal is there by now, and empty
    finally:
        aws.shutdown()


def test_take_over_runs_once(old: Path) -> None:
    database, migration = migration_of(old)
    assert migration.pending

    def take_over() -> None:
        with migration.ending() as connection:
            connection.execute("INSERT INTO things VALUES ('kept')")

    migration.begin("things", take_over)
    migration.wait()
    assert not migration.pending
    assert names(database) == ["kept"]
    database.close()
    database, migration = migration_of(old)
    assert not migration.pending
    migration.begin("things", take_over)
    assert names(database) == ["kept"]
    database.close()


@pytest.mark.parametrize("error", [AwsError("ServiceUnavailable", "it stops"), RuntimeError("no thread")])
def test_what_a_stop_interrupts_is_taken_over_at_the_next_start(old: Path, error: Exception) -> None:
    database, migration = migration_of(old)
    tried = threading.Event()

    def take_over() -> None:
        with migration.ending() as connection:
            connection.execute("INSERT INTO things VALUES ('half')")
            tried.set()
            raise error

    migration.begin("things", take_over)
    assert tried.wait(60)
    migration.release()  # those that wait go on
    migration.wait()
    database.close()
    database, migration = migration_of(old)
    assert migration.pending
    assert names(database) == []
    database.close()
