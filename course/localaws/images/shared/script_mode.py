"""Script mode: runs a user's script as ``sagemaker-training`` 5.1.4 does, with ``SM_*`` variables and hyperparameters as arguments.

It runs inside the box of a job, before the job's packages are installed, so it uses the standard library alone. It matches the toolkit's
variables, command line, failure file and exit code; tests compare them if the extra ``toolkit`` is installed. Different: the local AWS has
already unpacked the archive of ``sagemaker_submit_directory`` into /opt/ml/code; there is no intermediate output; processes that the script
leaves running are not waited for. `launchers` runs a script in several processes or on several hosts.
"""

from __future__ import annotations

import builtins
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

SUBMIT_DIRECTORY, PROGRAM = "sagemaker_submit_directory", "sagemaker_program"
# Hyperparameters for the toolkit itself. Others that begin with "sagemaker_" are "additional framework parameters".
TOOLKIT_PARAMETERS = {
    "sagemaker_region",
    PROGRAM,
    SUBMIT_DIRECTORY,
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "sagemaker_s3_output",
    "_tuning_objective_metric",
}
# Framework parameters that distribute a script; the toolkit then includes every host of the job.
DISTRIBUTIONS = (
    "sagemaker_mpi_enabled",
    "sagemaker_parameter_server_enabled",
    "sagemaker_distributed_dataparallel_enabled",
    "sagemaker_pytorch_ddp_enabled",
    "sagemaker_pytorch_xla_multi_worker_enabled",
    "sagemaker_multi_worker_mirrored_strategy_enabled",
    "sagemaker_torch_distributed_enabled",
)
LONGEST_ERROR = 64 << 10  # characters of the script's error output that go into the failure file
# A line that contains one of these names reports an error: Python's exceptions, pip's, TensorFlow's and MPI's.
ERRORS = [
    *(name for name, kind in vars(builtins).items() if isinstance(kind, type) and re.search("(Error|Exception)$", name)),
    *("Invalid requirement", "ResourceExhaustedError", "OutOfRangeError", "InvalidArgumentError", "mpirun.real", "ORTE"),
]
PLAIN_PATH = re.compile(r"[\w.][\w.+-]*(/[\w.+-]+)*", re.ASCII)
OUT_OF_MEMORY = "OutOfMemory: Process killed by SIGKILL (signal 9)"


class ClientError(Exception):
    """An error that the toolkit reports as the user's. Its text is the whole content of the failure file."""


class CalledProcessError(ClientError):
    def __init__(self, command: str, exit_code: int, output: str) -> None:
        extra = f'\nExtraInfo "{OUT_OF_MEMORY}"' if exit_code == 137 else ""
        super().__init__(f'{type(self).__name__}:\nExitCode {exit_code}\nErrorMessage "{output}"{extra}\nCommand "{command}"')


class ExecuteUserScriptError(CalledProcessError):
    pass


class InstallRequirementsError(CalledProcessError):
    pass


class InstallModuleError(CalledProcessError):
    pass


def base_directory() -> Path:
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def decoded(hyperparameters: dict[str, str]) -> dict[str, object]:
    """Hyperparameters, parsed as JSON where possible. Text that is not JSON stays text (SDK v2 quotes it, v3 does not)."""

    def decode(text: str) -> object:
        try:
            return json.loads(text)
        except (ValueError, TypeError):
            return text

    return {name: decode(text) for name, text in hyperparameters.items()}


class Environment:
    """The facts about a job that its script receives."""

    def __init__(self, base: Path, framework_module: str) -> None:
        config = base / "input/config"
        self.base = base
        self.resources = json.loads((config / "resourceconfig.json").read_text())
        self.channels = json.loads((config / "inputdataconfig.json").read_text())
        hyperparameters = decoded(json.loads((config / "hyperparameters.json").read_text()))
        toolkit = {name: value for name, value in hyperparameters.items() if name.startswith("sagemaker_") or name in TOOLKIT_PARAMETERS}
        self.hyperparameters = {name: value for name, value in hyperparameters.items() if name not in toolkit}
        self.framework_parameters = {name: value for name, value in toolkit.items() if name not in TOOLKIT_PARAMETERS}
        self.program = os.environ.get("SAGEMAKER_PROGRAM") or toolkit.get(PROGRAM)
        self.module_directory = str(toolkit.get(SUBMIT_DIRECTORY, base / "code"))
        self.log_level = toolkit.get("sagemaker_container_log_level", 20)
        self.framework_module = framework_module
        self.tuned = "_tuning_objective_metric" in toolkit

    @property
    def module_name(self) -> str:
        return (self.program or "").removesuffix(".py")

    @property
    def distribution_groups(self) -> list[str]:
        """The instance groups whose hosts run the script together. If the job names none: this host's group when distributed, else none."""
        asked = any(self.framework_parameters.get(name) for name in DISTRIBUTIONS)
        return self.framework_parameters.get(
            "sagemaker_distribution_instance_groups", [self.resources["current_group_name"]] if asked else []
        )

    @property
    def distribution_hosts(self) -> list[str]:
        groups = [group for group in self.resources["instance_groups"] if group["instance_group_name"] in self.distribution_groups]
        return [host for group in groups for host in group["hosts"]]

    @property
    def master(self) -> str:
        return (self.distribution_hosts or self.resources["hosts"])[0]

    def arguments(self) -> list[str]:
        """Hyperparameters as command-line arguments, sorted by name. A name of one letter gets one dash."""
        items = []
        for name, value in sorted(self.hyperparameters.items()):
            if isinstance(value, dict):
                value = ",".join(f"{key}={item}" for key, item in sorted(value.items()))
            items += [f"--{name}" if len(name) > 1 else f"-{name}", "" if value is None else str(value)]
        return items

    def facts(self) -> dict[str, object]:
        """The values of the ``SM_*`` variables, by lower-case names without the prefix."""
        base, groups = self.base, self.resources["instance_groups"]
        here = self.resources["current_group_name"]
        shared = {
            "hosts": self.resources["hosts"],
            "network_interface_name": self.resources["network_interface_name"],
            "user_entry_point": self.program,
            "resource_config": self.resources,
            "input_data_config": self.channels,
            "output_data_dir": str(base / "output/data"),
            "current_host": self.resources["current_host"],
            "current_instance_type": self.resources["current_instance_type"],
            "current_instance_group": here,
            "current_instance_group_hosts": [host for group in groups if group["instance_group_name"] == here for host in group["hosts"]],
            "instance_groups": [group["instance_group_name"] for group in groups],
            "instance_groups_dict": {group["instance_group_name"]: group for group in groups},
            "distribution_instance_groups": self.distribution_groups,
            "is_hetero": len(groups) > 1,
            "module_name": self.module_name,
            "log_level": self.log_level,
            "framework_module": self.framework_module,
            "input_dir": str(base / "input"),
            "input_config_dir": str(base / "input/config"),
            "output_dir": str(base / "output"),
            "num_cpus": os.cpu_count(),
            "num_gpus": 0,
            "num_neurons": 0,
            "model_dir": str(base / "model"),
            "module_dir": self.module_directory,
            "output_intermediate_dir": str(base / "output/intermediate"),
        }
        folders = {name: str(base / "input/data" / name) for name in self.channels}
        whole = shared | {
            "additional_framework_parameters": self.framework_parameters,
            "channel_input_dirs": folders,
            "hyperparameters": self.hyperparameters,
            "distribution_hosts": self.distribution_hosts,
            "is_master": self.resources["current_host"] == self.master,
            "is_modelparallel_enabled": None,
            "is_smddpmprun_installed": False,
            "is_smddprun_installed": False,
            "topology": [],
            "master_hostname": self.master,
            "job_name": os.environ.get("TRAINING_JOB_NAME", ""),
        }
        return (
            shared
            | {
                "hps": self.hyperparameters,
                "framework_params": self.framework_parameters,
                "channels": sorted(self.channels),
                "training_env": whole,
                "user_args": self.arguments(),
            }
            | {f"channel_{name}": folder for name, folder in folders.items()}
            | {f"hp_{name}": value for name, value in self.hyperparameters.items()}
        )

    def variables(self) -> dict[str, str]:
        """The ``SM_*`` variables: text as it is, None as an empty string, anything else as compact JSON with sorted keys."""

        def text(value: object) -> str:
            if value is None or isinstance(value, str):
                return value or ""
            return json.dumps(value, sort_keys=True, separators=(",", ":"))

        return {f"SM_{name.upper()}": text(value) for name, value in self.facts().items()}


def plain_command(code: Path, environment: Environment, python: Sequence[str] = ("python3",)) -> list[str]:
    """The command line for one process: a package runs as a module, a ``.py`` file as a script, anything else in the shell.

    Raises
    ------
    ClientError
        The program's name is not a plain path inside the code folder.
    """
    program, arguments = checked(environment.program), environment.arguments()
    kind = kind_of(code, program)
    if kind == "package":
        return [*python, "-m", environment.module_name, *arguments]
    if kind == "script":
        return [*python, *(["--"] if len(python) == 1 else []), program, *arguments]
    (code / program).chmod(0o755)
    return ["/bin/sh", "-c", f"./{program} {shlex.join(arguments)}"]


def checked(program: str | None) -> str:
    """The program's name, checked to be safe for the shell and for Python. Raises ClientError."""
    if not program:
        raise ClientError("The training entry point name is empty: sagemaker_program names it, relative to the source directory.")
    if not PLAIN_PATH.fullmatch(program) or {".", ".."} & set(program.split("/")):
        raise ClientError(
            f"The training entry point {program!r} cannot be used because it is no plain path inside the source directory: one of letters, "
            "digits, '.', '_', '+', '-' and '/' that begins with neither '-' nor '/'."
        )
    return program


def kind_of(code: Path, program: str) -> str:
    """``"package"``, ``"script"`` or ``"command"``."""
    if not program.endswith(".sh") and (code / "setup.py").exists():
        return "package"
    return "script" if program.endswith(".py") else "command"


def run(framework_module: str, launch: Callable[[Path, Environment], list[str]] = plain_command) -> int:
    """Run the user's script and return the container's exit code. On failure, write the reason to /opt/ml/output/failure.

    ``launch`` makes the command line from the code folder and the environment. It may raise ClientError.
    """
    base = base_directory()
    signal.signal(signal.SIGTERM, lambda *_: None)  # the script receives it too, may save its model, and is waited for
    try:
        environment = Environment(base, framework_module)
        code = base / "code"
        _install(code, kind_of(code, checked(environment.program)))
        os.environ.update(environment.variables())
        command = launch(code, environment)
        print("Invoking user script\n", flush=True)
        print(f"Training Env:\n\n{json.dumps(environment.facts()['training_env'], indent=4, sort_keys=True)}\n", flush=True)
        print(f"Invoking script with the following command:\n\n{' '.join(command)}\n", flush=True)
        exit_code, error = _watched(command, code)
        if exit_code != 0:
            raise ExecuteUserScriptError(" ".join(command), exit_code, error)
    except ClientError as error:
        report(base, str(error))
        return 1
    except Exception as error:
        report(base, f"Framework Error: \n{traceback.format_exc(limit=-2)}\n{error}")
        return 1
    print("Reporting training SUCCESS", flush=True)
    (base / "output/success").touch()
    return 0


def report(base: Path, failure: str) -> None:
    """Write the failure to the failure file and the log. The file's beginning becomes the job's FailureReason."""
    (base / "output/failure").write_text(failure)
    print(f"Reporting training FAILURE\n{failure}\nEncountered exit_code 1", file=sys.stderr, flush=True)


def _install(code: Path, kind: str) -> None:
    """Install the script's requirements, and the script itself if it is a package. Nothing is installed for a shell command."""
    needs = ["-r", "requirements.txt"] if (code / "requirements.txt").exists() else []
    if kind == "command" or (kind == "script" and not needs):
        return
    what, error = (["."], InstallModuleError) if kind == "package" else ([], InstallRequirementsError)
    command = ["python3", "-m", "pip", "install", *what, *needs]
    print(f"Installing {' and '.join(['the package'] * bool(what) + ['dependencies from requirements.txt'] * bool(needs))}", flush=True)
    exit_code, output = _watched(command, code)
    if exit_code != 0:
        raise error(" ".join(command), exit_code, output)


def _watched(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command, forward its output immediately, and return its exit code and the error text in its output."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    errors, readers = (_ErrorText(), _ErrorText()), []
    for stream, onward, error in zip((process.stdout, process.stderr), (sys.stdout, sys.stderr), errors, strict=True):
        readers.append(threading.Thread(target=_pass_on, args=(stream, onward, error), daemon=True))
        readers[-1].start()
    exit_code = process.wait()
    for reader in readers:
        reader.join(timeout=2)  # a process that the script left running may keep the pipe open
    lines = " ".join(error.text() for error in errors).split("\n")
    return exit_code, "\n".join(dict.fromkeys(lines)).strip()


def _pass_on(stream: TextIO, onward: TextIO, error: _ErrorText) -> None:
    for line in stream:
        onward.write(line)
        onward.flush()
        error.add(line)


class _ErrorText:
    """The part of a script's output that the failure file quotes: everything from the first line with the name of an exception on."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._started = False

    def add(self, line: str) -> None:
        self._started = self._started or any(name in line for name in ERRORS)
        if self._started and self._size < LONGEST_ERROR:
            self._lines.append(line.strip(" :\n") + "\n")
            self._size += len(line)

    def text(self) -> str:
        return " ".join(self._lines)
