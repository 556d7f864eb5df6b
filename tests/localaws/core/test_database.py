"""The SQLite databases of the local AWS, with and without waiting for the disk."""

import sqlite3
import subprocess
import sys

import pytest

from course.localaws.core.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS numbers (number INTEGER)"
# Writes numbers, and prints each as soon as its commit is acknowledged, until it is killed.
WRITER = f"""
import itertools, pathlib, sys
from course.localaws.core import database
if sys.argv[2] == "skip":
    database.skip_disk_sync()
store = database.Database(pathlib.Path(sys.argv[1]), {SCHEMA!r})
for number in itertools.count():
    with store.write() as connection:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
    print(number, flush=True)
"""


@pytest.mark.parametrize("disk", ["wait", "skip"])
def test_a_killed_process_loses_no_acknowledged_commit(tmp_path, disk):
    path = tmp_path / "numbers.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), disk], stdout=subprocess.PIPE, text=True) as writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    stored = [row["number"] for row in Database(path, SCHEMA).connection.execute("SELECT number FROM numbers ORDER BY number")]
    assert stored[: len(acknowledged)] == acknowledged
    assert len(stored) <= len(acknowledged) + 1  # one may have been committed and not printed


def test_a_failed_transaction_changes_nothing(tmp_path):
    database = Database(tmp_path / "numbers.db", SCHEMA)
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("INSERT INTO numbers VALUES (1)")
        raise sqlite3.IntegrityError
    assert database.connection.execute("SELECT COUNT(*) FROM numbers").fetchone()[0] == 0
