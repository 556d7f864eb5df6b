"""``amazon_sagemaker_scheduler``, the program of a notebook job: it runs the notebook with papermill and keeps what came out.

The executed notebook, the notebook as it was, and the log go to the job's output. Different from AWS: the EFS folder of Studio is not
simulated, whatever ``SM_SKIP_EFS_SIMULATION`` says.

Source: sagemaker-headless-execution-driver 0.0.13, which is the program of AWS's images (PyPI); read 2026-11-28.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nbclient

from course.localaws.images.shared.script_mode import base_directory

LOG = "sagemaker_job_execution.log"
DEFINITION_VERSION = "1.0"
NOTEBOOK = ["python3", "-P", "-m", "course.localaws.images.distribution.notebook"]
# Runs a script in this shell and shows the variables that it leaves.
SOURCE = '. "$0" >&2 && env -0'


class StepError(Exception):
    """A step of the job failed. The argument says why, if the step has not yet."""


class NotebookJob:
    """One run of a notebook, as its environment variables describe it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        base = base_directory()
        self._output, self._failure = base / "output/data", base / "output/failure"
        self._parameters = base / "input/config/hyperparameters.json"
        folder = environment.get("SM_EXECUTION_INPUT_PATH") or "/opt/ml/input/data/sagemaker_headless_execution"
        self._input = base / Path(folder).relative_to("/opt/ml") if Path(folder).is_relative_to("/opt/ml") else Path(folder)
        self._log: list[str] = []
        self._step, self._since = "", 0  # the name of the step that runs, and the first line of its log
        self._notebook: subprocess.Popen | None = None

    def run(self) -> int:
        """Run the job and return the container's exit code."""
        self._output.mkdir(parents=True, exist_ok=True)
        try:
            self._run()
        except StepError as error:
            self._say(str(error))
            reason = "".join(self._log[self._since :])
            self._convert()
            kept = "".join("1" if path.is_file() else "0" for path in (self._output / self._source().name, self._result()))
            self._failure.write_text(f"[SM-{kept}1] Error with {self._step}\n{reason}")
            return 1
        finally:
            (self._output / LOG).write_text("".join(self._log))
        return 0

    def terminate(self) -> None:
        """Interrupt the notebook. It keeps the cells that have run."""
        if self._notebook:
            self._notebook.terminate()

    def _run(self) -> None:
        self._begin("Prepare the input notebook")
        self._require("SM_INPUT_NOTEBOOK_NAME")
        if not self._source().is_file():
            raise StepError(f"Cannot find input notebook: {self._source()}")
        shutil.copy(self._source(), self._output)
        self._begin("checking sagemaker job definition version")
        version = self._environment.get("SM_JOB_DEF_VERSION", "")
        if version != DEFINITION_VERSION:
            raise StepError(f"Cannot handle SageMaker job definition version: {version}")
        self._run_scripts()
        self._begin("executing notebook")
        self._require("SM_OUTPUT_NOTEBOOK_NAME")
        paths = {"INPUT": self._source(), "OUTPUT": self._result(), "PARAMS_PATH": self._parameters}
        code = self._follow(NOTEBOOK, self._environment | {f"SM_PAPERMILL_{name}": str(path) for name, path in paths.items()})
        if code:
            raise StepError
        self._convert()
        self._say("Notebook execution is complete")

    def _run_scripts(self) -> None:
        """Run the scripts of the life cycle configuration and of the user; the notebook gets the variables of the user's."""
        self._begin("running LCC script as init-script")
        script = self._environment.get("SM_LCC_INIT_SCRIPT")
        if script and self._follow(["sh", str(self._input / script)], self._environment):
            raise StepError
        self._begin("running init script")
        if script := self._environment.get("SM_INIT_SCRIPT"):
            command = ["/bin/bash", "-c", SOURCE, str(self._input / script)]
            done = subprocess.run(command, cwd=self._input, env=self._environment, capture_output=True)
            self._keep(done.stderr.decode(errors="replace").splitlines(keepends=True))
            if done.returncode:
                raise StepError
            variables = done.stdout.decode(errors="replace").split("\0")
            self._environment = dict(variable.split("=", 1) for variable in variables if "=" in variable)

    def _follow(self, command: list[str], environment: dict[str, str]) -> int:
        """Run a program in the folder of the notebook, pass on what it prints, and return its exit code."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self._notebook = subprocess.Popen(command, cwd=self._input, env=environment, text=True, errors="replace", **pipes)
        self._keep(self._notebook.stdout)
        return self._notebook.wait()

    def _convert(self) -> None:
        """Write the executed notebook in the formats that the job asks for."""
        formats = self._environment.get("SM_OUTPUT_FORMATS", "")
        # The templates are beside the packages, of which nbclient is one, not below the prefix of this Python.
        environment = self._environment | {"JUPYTER_PATH": str(Path(nbclient.__file__).parents[4] / "share/jupyter")}
        for name in filter(None, formats.split(",")) if self._result().is_file() else ():
            self._follow(["python3", "-m", "nbconvert", "--to", name, str(self._result())], environment)

    def _source(self) -> Path:
        return self._input / self._environment.get("SM_INPUT_NOTEBOOK_NAME", "")

    def _result(self) -> Path:
        """The executed notebook. A time in its name loses what AWS does not want there."""
        name = re.sub(r"[.:]", "-", self._environment.get("SM_OUTPUT_NOTEBOOK_NAME", ""))
        return self._output / re.sub(r"-*ipynb$", ".ipynb", name)

    def _require(self, name: str) -> None:
        if not self._environment.get(name):
            raise StepError(f"{name}: ERROR - the name of a notebook is not specified.")

    def _begin(self, step: str) -> None:
        self._step, self._since = step, len(self._log)

    def _say(self, line: str) -> None:
        self._keep([f"{line}\n"] if line else [])

    def _keep(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._log.append(line)
            sys.stdout.write(line)
            sys.stdout.flush()


if __name__ == "__main__":
    job = NotebookJob(dict(os.environ))
    signal.signal(signal.SIGTERM, lambda *_: job.terminate())
    sys.exit(job.run())
