"""Runs a script in several processes and on several hosts, by the framework parameters of SDK v2's ``distribution=``.

It runs inside the box of a job and uses the standard library alone. It matches ``training.py`` of `sagemaker-pytorch-training` 3.0.0 and
``torch_distributed.py`` and ``mpi.py`` of `sagemaker-training` 5.1.4, read 2026-11-25: which parameter takes effect, torchrun's and
mpirun's command lines. Different: MPI reaches the other hosts by `remote_shell`, because boxes have no SSH daemon; the options that keep
MPI off InfiniBand and other networks are left out. Amazon's own libraries (SMDDP, model parallelism) and Trainium are refused.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from course.localaws.images.shared import remote_shell
from course.localaws.images.shared.script_mode import ClientError, Environment, plain_command
from course.sandbox import host_names

MASTER_PORT = "7777"
MPI, TORCH = "sagemaker_mpi_enabled", "sagemaker_torch_distributed_enabled"
ONE_HOST = "The local AWS runs MPI on one instance only"
NOT_HERE = {
    "sagemaker_pytorch_ddp_enabled": "pytorchddp, which runs on Amazon's smddprun",
    "sagemaker_distributed_dataparallel_enabled": "smdistributed.dataparallel, Amazon's own library",
    "sagemaker_pytorch_xla_multi_worker_enabled": "pytorchxla, which runs on GPUs with PyTorch/XLA",
}


def command(code: Path, environment: Environment) -> list[str]:
    """The command that runs the script on this host.

    Raises
    ------
    ClientError
        The job asks for a distribution that is not supported here.
    """
    parameters = environment.framework_parameters
    if environment.resources["current_group_name"] not in environment.distribution_groups:
        return plain_command(code, environment)
    if parameters.get(MPI):
        return _mpirun(code, environment)
    for name, what in NOT_HERE.items():
        if parameters.get(name):
            raise ClientError(
                f"The local AWS does not run {what}. With distribution={{'torch_distributed': {{'enabled': True}}}} it runs torchrun."
            )
    return _torchrun(code, environment) if parameters.get(TORCH) else plain_command(code, environment)


def set_master(environment: Environment) -> None:
    """Set the variables by which processes find each other, as the PyTorch container does."""
    os.environ |= {
        "MASTER_ADDR": environment.master,
        "MASTER_PORT": MASTER_PORT,
        "NCCL_SOCKET_IFNAME": environment.resources["network_interface_name"],
        "NCCL_IB_DISABLE": "1",
        "NCCL_DEBUG": "WARN",
    }


def _processes(environment: Environment) -> int:
    return int(environment.framework_parameters.get("sagemaker_mpi_num_of_processes_per_host") or 1)


def _torchrun(code: Path, environment: Environment) -> list[str]:
    if (code / "setup.py").exists():
        raise ClientError("Python packages are not supported for torch_distributed. Please use a python script as the entry-point")
    if not environment.program.endswith(".py"):
        raise ClientError("Unsupported entry point type for torch_distributed")
    hosts = environment.distribution_hosts
    several = ["--master_addr", environment.master, "--master_port", MASTER_PORT]
    several += ["--node_rank", str(hosts.index(environment.resources["current_host"]))]
    nodes = ["--nnodes", str(len(hosts)), "--nproc_per_node", str(_processes(environment))]
    return ["torchrun", *nodes, *(several if len(hosts) > 1 else []), environment.program, *environment.arguments()]


def _mpirun(code: Path, environment: Environment) -> list[str]:
    if shutil.which("mpirun") is None:
        raise ClientError("mpirun is not installed on this machine. MPI takes it and mpi4py: make extra-mpi")
    hosts, here = environment.distribution_hosts, environment.resources["current_host"]
    placed = _placed(environment) if len(hosts) > 1 else ["--oversubscribe"]
    if here != environment.master:
        return [*remote_shell.COMMAND, "serve", here]
    processes = environment.framework_parameters.get("sagemaker_mpi_num_processes") or _processes(environment) * len(hosts)
    options = str(environment.framework_parameters.get("sagemaker_mpi_custom_mpi_options", "")).split()
    exported = [part for name in environment.variables() for part in ("-x", name)]
    mpi = ["mpirun", *placed, "-np", str(processes), "--allow-run-as-root", "--tag-output", *options, *exported]
    return [*mpi, *plain_command(code, environment, ("python3", "-m", "mpi4py"))]


def _placed(environment: Environment) -> list[str]:
    """The options that spread mpirun's processes over the hosts. Raises ClientError if the hosts cannot reach each other."""
    if os.environ.get(host_names.ADDRESSES):
        raise ClientError(f"{ONE_HOST} where the kernel gives it no user namespaces: mpirun does not find the hosts by their names.")
    interface = environment.resources["network_interface_name"]
    if not remote_shell.has_network(interface):
        raise ClientError(f"{ONE_HOST} without a network: mpirun's daemons do not meet on loopback alone.")
    os.environ |= remote_shell.AGENTS
    places = ",".join(f"{host}:{_processes(environment)}" for host in environment.distribution_hosts)
    interfaces = [part for layer in ("btl", "oob") for part in ("-mca", f"{layer}_tcp_if_include", interface)]
    return ["--host", places, *interfaces, "-mca", "plm_rsh_no_tree_spawn", "1", "--bind-to", "none", "--map-by", "slot", "-x", "PATH"]
