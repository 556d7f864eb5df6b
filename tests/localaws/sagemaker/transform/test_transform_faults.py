"""Faults of the local AWS, or of a container, during a transform job."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from course.localaws.server import launch
from course.sandbox.trees import remove
from tests.leaked_processes import kill
from tests.localaws.sagemaker.job_fixtures import JobFixtures
from tests.localaws.sagemaker.training.test_training_faults import MODES
from tests.localaws.sagemaker.training.test_training_faults import start as start_server
from tests.localaws.sagemaker.transform.transform_fixtures import CSV, SUM, ended, messages, model, outputs, start

WAITS = """
import time
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    print("asked", flush=True)
    time.sleep(600)
"""


def asked(aws: JobFixtures, name: str) -> None:
    aws.until(lambda: "asked" in list(messages(aws, name, data=False)))


@pytest.mark.nightly  # kills by day in training/test_training_faults.py
@pytest.mark.parametrize("mode", MODES)
def test_killed_and_stopped_while_a_job_runs(tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    aws = JobFixtures(start_server(state, mode, monkeypatch), mode)
    uri = aws.put("waits/a.csv", "1\n")
    name = start(aws, model(aws, WAITS), uri, Input=CSV, Resources={"InstanceCount": 2})
    asked(aws, name)
    kill(aws.handle.pid)
    aws.until(lambda: not aws.processes())
    again = JobFixtures(launch.start(state), mode, fresh=False)
    try:
        assert ended(again, name)["FailureReason"] == "InternalServerError: the local AWS was stopped while the job ran"
        assert again.boxes() == [] and outputs(again, name) == {}
        asked(again, start(again, model(again, WAITS), uri, Input=CSV))
    finally:
        again.handle.stop()
    assert again.processes() == []


def test_a_container_that_is_killed_is_started_again_and_asked_again(aws: JobFixtures) -> None:
    """The process is killed during the first request. The record is sent again, and nothing is lost."""
    code = SUM.replace(
        "return [sum",
        """
    import os, time
    mark = os.path.join(os.environ["TMPDIR"], "asked")
    if not os.path.exists(mark):
        open(mark, "w").close()
        print("asked", flush=True)
        time.sleep(600)
    return [sum""",
    )
    uri = aws.put("killed/a.csv", "1,2\n3,4\n")
    name = start(aws, model(aws, code), uri, Input=CSV, Output={"Accept": "text/csv"})
    asked(aws, name)
    for process in aws.processes():
        with contextlib.suppress(psutil.Error):
            if not any(argument.endswith("supervisor") for argument in process.cmdline()):
                process.kill()
    assert ended(aws, name)["TransformJobStatus"] == "Completed" and outputs(aws, name) == {"a.csv.out": "3\n7\n"}
    assert aws.processes() == [] and aws.boxes() == []


def test_two_may_remove_a_directory(tmp_path: Path) -> None:
    """This happens when a job is stopped at the moment when its work ends by itself."""
    for number in range(60):
        folder = tmp_path / str(number)
        for part in range(8):
            (folder / f"{part}/a/b").mkdir(parents=True)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(remove, [folder] * 3))
        assert not folder.exists()
