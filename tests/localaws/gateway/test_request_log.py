"""The request log of an earlier release can be opened and receives the newer columns."""

from __future__ import annotations

import sqlite3

from course.localaws.core.clock import Clock
from course.localaws.gateway.request_log import COLUMNS, SHOWN, RequestLog

FIRST_SCHEMA = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, caller TEXT NOT NULL, service TEXT NOT NULL, operation TEXT NOT NULL,
    resource TEXT NOT NULL, status INTEGER NOT NULL, error TEXT NOT NULL
)
"""


def test_a_log_without_the_later_columns_gets_them_and_keeps_its_rows(tmp_path):
    path = tmp_path / "requests.db"
    with sqlite3.connect(path) as connection:
        connection.execute(FIRST_SCHEMA)
        connection.execute("INSERT INTO requests VALUES (7, 1.5, 'arn', 's3', 'GetObject', 'b/k', 200, '')")
    log = RequestLog(path, Clock())
    try:
        log.record("arn", "kms", "Encrypt", region="us-east-1", request_id="id", details=lambda: {"parameters": '{"KeyId": "k"}'})
        new, old = log.newest()
        assert (old["id"], old["operation"], old["region"], old["request_id"], old["parameters"]) == (7, "GetObject", "", "", None)
        assert (new["id"], new["region"], new["request_id"], new["parameters"]) == (8, "us-east-1", "id", '{"KeyId": "k"}')
        assert set(new) == {"id", *COLUMNS}
        assert [tuple(event) for event in log.events()] == [SHOWN, SHOWN] == [tuple(event) for event in log.events(since=0)]
    finally:
        log.shutdown()
