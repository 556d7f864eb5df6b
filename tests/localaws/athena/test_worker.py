"""A query's process is confined, whatever SQL it receives."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.localaws.athena import engine
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.plan import QueryPlan

ENDLESS = "SELECT count(*) FROM range(1000000) a(x), range(1000000) b(y) WHERE (x * y) % 7 = 3"


def answer(folder: Path, sql: str, seconds: int = 60) -> dict:
    request = {"scans": [], "merge": [], "sql": sql, "output": None, "seconds": seconds, "file_size": 1 << 20}
    request |= {"memory": 100 << 20, "process_memory": engine.PROCESS_MEMORY}
    worker = subprocess.Popen(
        [sys.executable, "-m", "course.localaws.athena.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, text=True
    )
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    found = worker.stdout.read()
    worker.communicate()
    return json.loads(found)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{file}')",
        "COPY (SELECT 1) TO '{file}'",
        "ATTACH '{file}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{file}']",
    ],
)
def test_it_opens_no_file_of_this_machine(tmp_path, sql):
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n")
    found = answer(tmp_path, sql.format(file=secret))
    assert "error" in found and "secret\n" not in json.dumps(found)
    assert secret.read_text() == "secret\n"


def test_it_has_no_more_memory_than_it_is_given(tmp_path):
    found = answer(tmp_path, "SELECT max(length(a)) FROM (SELECT string_agg(repeat('x', 1000) || i, '') AS a FROM range(1000000) t(i))")
    assert found["error"].startswith("EXCEEDED_LOCAL_MEMORY_LIMIT")


def test_it_ends_when_nobody_waits_for_it(tmp_path):
    worker = subprocess.Popen(
        [sys.executable, "-m", "course.localaws.athena.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, text=True
    )
    request = {"scans": [], "merge": [], "sql": ENDLESS, "output": None, "seconds": 60, "file_size": 1 << 20}
    request |= {"memory": 100 << 20, "process_memory": engine.PROCESS_MEMORY}
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    worker.stdin.close()
    assert worker.wait(60) == 1


def test_a_query_that_takes_too_long_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 1)
    with pytest.raises(QueryFailure, match="Query timeout"):
        engine.QueryProcess(None, None, None).run(QueryPlan(ENDLESS), tmp_path, None)


def test_a_query_whose_process_ends_does_not_report_a_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(QueryFailure, match="the process of the query was ended"):
        engine.QueryProcess(None, None, None).run(QueryPlan(ENDLESS), tmp_path, None)
