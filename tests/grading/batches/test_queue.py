"""Tests the queue with a fake grader: after many kills and resumes, nothing is lost and nothing is done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from course.grading.batches.grade import GradingTask
from course.grading.batches.queue import pending
from tests import by_day
from tests.leaked_processes import wait_for

pytestmark = pytest.mark.timeout(900)

KILLS = 4
JOBS = 16
SCRIPT = """
import os, sys
from pathlib import Path
from course.grading.batches.grade import GradingTask, finished
from course.grading.batches.queue import grade_all, pending

root, jobs = Path(sys.argv[1]), int(sys.argv[2])
failed = set()

class Simulated:
    def grade(self, work):
        if work.student.endswith("7") and work.student not in failed:
            failed.add(work.student)
            raise RuntimeError("no memory left, this time")
        result = finished(work.empty_result(), notes=[str(os.getpid())])
        result.write(work.results)
        os.write(log, f"{work.student} {os.getpid()}\\n".encode())
        return result

log = os.open(root / "graded", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
works = [GradingTask(root, who, "m98_traps", "m98_1_traps", "seed") for who in (root / "roster").read_text().split()]
waiting, graded = pending(works)
print(len(graded), flush=True)
grade_all(waiting, jobs, lambda result: None, Simulated())
"""


@pytest.mark.parametrize("number", by_day.first([300, 1_000, 10_000], 1))
def test_after_kills_and_resumes_no_submission_is_lost_or_graded_twice(tmp_path: Path, number: int) -> None:
    students = [f"s{n:05}" for n in range(number)]
    (tmp_path / "roster").write_text("\n".join(students))
    log = tmp_path / "graded"
    log.touch()
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(JOBS)]
    graded_before = []
    for kill in range(KILLS + 1):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as batch:
            graded_before.append(int(batch.stdout.readline()))
            if kill < KILLS:
                enough = number * (kill + 1) // (KILLS + 1)
                wait_for(lambda enough=enough: log.read_bytes().count(b"\n") >= enough, f"{enough} were graded", 300)
                batch.kill()
            assert batch.wait() == (-9 if kill < KILLS else 0)

    lines = [line.split() for line in log.read_text().splitlines()]
    assert max(Counter(student for student, _ in lines).values()) == 1
    results = {path.parent.name: json.loads(path.read_text()) for path in (tmp_path / "results").glob("*/*/*.json")}
    assert sorted(results) == students
    assert all(result["status"] == "graded" for result in results.values())
    # A written result stays. A kill between result and log leaves at most one result per thread out of the log.
    assert all(results[student]["notes"] == [batch] for student, batch in lines)
    assert number - len(lines) <= KILLS * JOBS
    assert graded_before[0] == 0 and graded_before == sorted(graded_before) and graded_before[-1] >= number * KILLS // (KILLS + 1)
    waiting, graded = pending([GradingTask(tmp_path, student, "m98_traps", "m98_1_traps", "seed") for student in students])
    assert (len(waiting), len(graded)) == (0, number)
