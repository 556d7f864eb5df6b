"""Compares script mode with AWS's training toolkit: runs the same job with both."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import hosts, resource_config

MISSING = importlib.util.find_spec("sagemaker_training") is None
pytestmark = [
    pytest.mark.skipif(MISSING, reason="the extra `toolkit` is not installed: make extra-toolkit, until 2027-05-24"),
    pytest.mark.nightly,  # two processes for each job, half a minute in all
]

# AWS's framework containers call the toolkit like this; the names are from its documentation.
FRAMEWORK = """
from sagemaker_training import entry_point, environment

def main():
    env = environment.Environment()
    entry_point.run(env.module_dir, env.user_entry_point, env.to_cmd_args(), env.to_env_vars(), capture_error=True)
"""
FACTS = """
import json, os, sys
facts = {"arguments": sys.argv, "folder": os.getcwd(), "path": sys.path[0], "stdin": os.isatty(0)}
facts["variables"] = {name: value for name, value in os.environ.items() if name.startswith("SM_")}
json.dump(facts, open(os.environ["SM_MODEL_DIR"] + "/facts.json", "w"))
"""
PROGRAMS = {
    "toolkit": ["-m", "sagemaker_training.cli.train"],
    "ours": ["-c", "import sys; from course.localaws.images.shared import script_mode; sys.exit(script_mode.run('framework:main'))"],
}
QUOTED = {"depth": "3", "rate": '"0.1"', "kind": '"one of two"', "list": "[1, 2]", "map": '{"b": 2, "a": 1}', "x": "1", "none": "null"}
PLAIN = {"depth": "3", "kind": "one of two", "flag": "true", "quote": 'it\'s "so"', "dollar": "$HOME;true"}


@dataclass(frozen=True)
class Job:
    """A job in one of two forms: JSON hyperparameters that name the program (SDK v2), or plain ones and a variable (v3)."""

    program: str = "train.py"
    files: dict[str, str] = field(default_factory=lambda: {"train.py": FACTS})
    hyperparameters: dict[str, str] = field(default_factory=lambda: QUOTED)
    named_by_variable: bool = False


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    failure: str | None
    success: bool
    facts: dict | None


def run(folder: Path, program: list[str], job: Job) -> Outcome:
    """Run a job with a program in its own base directory, which the result calls /opt/ml."""
    base = folder / "ml"
    [host] = cluster = hosts({"InstanceType": "ml.m5.large", "InstanceCount": 1})
    parameters = job.hyperparameters if job.named_by_variable else job.hyperparameters | {"sagemaker_program": json.dumps(job.program)}
    ml_folder.create_training_layout(base, parameters, {"train": {"TrainingInputMode": "File"}}, resource_config(cluster, host))
    for name, text in job.files.items():
        (base / "code" / name).write_text(text)
    (folder / "framework.py").write_text(FRAMEWORK)
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(folder), str(Path(__file__).parents[3])]),
        "HOME": str(folder),
        "PIP_NO_INDEX": "1",
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_TRAINING_MODULE": "framework:main",
        "TRAINING_JOB_NAME": "job",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SM_STUDIO_LOCAL_MODE": "true",  # otherwise the toolkit waits until the name algo-1 resolves
    }
    variables |= {"SAGEMAKER_PROGRAM": job.program} if job.named_by_variable else {}
    done = subprocess.run([sys.executable, *program], env=variables, capture_output=True, text=True, timeout=120)

    def read(name: str) -> str | None:
        path = base / name
        text = path.read_text() if path.exists() else None
        return text and text.replace(str(base), "/opt/ml").replace(sys.executable, "python3")

    facts, failure = read("model/facts.json"), read("output/failure")
    failure = failure and re.sub(r"( cannot be used because ).*", r"\1", failure, flags=re.S)  # the toolkit's message is different
    return Outcome(done.returncode, failure, (base / "output/success").exists(), facts and json.loads(facts))


@pytest.mark.parametrize(
    ("job", "exit_code"),
    [
        pytest.param(Job(), 0, id="v2"),
        pytest.param(Job(hyperparameters=PLAIN, named_by_variable=True), 0, id="v3"),
        pytest.param(Job(files={"train.py": "print('a')\nraise ValueError('no such carrier')"}), 1, id="exception"),
        pytest.param(Job(files={"train.py": "class CarrierTrouble(Exception): pass\nraise CarrierTrouble('a')"}), 1, id="own exception"),
        pytest.param(Job(files={"train.py": "import sys; print('a KeyError', 'b'); print('c'); sys.exit('d')"}), 1, id="printed on stdout"),
        pytest.param(Job(files={"train.py": "import os; os._exit(137)"}), 1, id="137"),
        pytest.param(Job(files={"train.py": "import sys; sys.exit(7)"}, hyperparameters=PLAIN), 1, id="exit code"),
        pytest.param(Job(files={"train.py": "import os; os.kill(os.getpid(), 9)"}), 1, id="killed"),
        pytest.param(Job("absent.py"), 1, id="no such script"),
        pytest.param(Job("../train.py"), 1, id="outside"),
        pytest.param(Job("-c.py"), 1, id="an option"),
        pytest.param(Job("a b.sh"), 1, id="a blank"),
        pytest.param(Job("train.sh", {"train.sh": '#!/bin/sh\npython3 facts.py "$@"; exit 3', "facts.py": FACTS}, PLAIN), 1, id="shell"),
        pytest.param(Job("train.sh", {"train.sh": "#!/bin/sh\ntrue", "requirements.txt": "./absent.whl"}), 0, id="shell installs nothing"),
        pytest.param(Job(files={"train.py": FACTS, "requirements.txt": "./absent.whl"}), 1, id="requirements"),
        pytest.param(Job(files={"train.py": FACTS, "requirements.txt": "a b"}), 1, id="an invalid requirement"),
    ],
)
def test_as_the_toolkit_does(tmp_path: Path, job: Job, exit_code: int) -> None:
    theirs, ours = (run(tmp_path / name, program, job) for name, program in PROGRAMS.items())
    assert theirs.exit_code == exit_code, theirs
    assert ours == theirs
