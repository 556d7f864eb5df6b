"""The PyTorch image through boto3: script mode, and the framework parameters that SDK v2's ``distribution=`` writes."""

from __future__ import annotations

import importlib.util
import json
import textwrap
from pathlib import Path

import pytest

from course.localaws.images.pytorch import train
from course.localaws.images.shared import launchers
from course.localaws.images.shared.script_mode import ClientError, Environment
from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import hosts, resource_config
from tests.localaws.sagemaker.job_fixtures import JobFixtures, cluster, needs_torch
from tests.localaws.sagemaker.training.test_training_sdk import ALL_REDUCE, MPI4PY, MPIRUN

PYTORCH = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
TORCHRUN = {"sagemaker_torch_distributed_enabled": "true"}
MPI = {"sagemaker_mpi_enabled": "true", "sagemaker_mpi_num_of_processes_per_host": "2"}


def test_a_script_sees_torch_and_its_master_or_the_command_that_adds_torch(aws: JobFixtures) -> None:
    code = """
import json, os, socket, torch
names = ("MASTER_ADDR", "MASTER_PORT", "SM_DLC_TORCH_VERSION", "SM_FRAMEWORK_MODULE")
torch.save(torch.zeros(2), "/opt/ml/model/model.pt")
json.dump([os.environ[name] for name in names] + [torch.__version__], open("/opt/ml/model/facts.json", "w"))
"""
    job = aws.trained(aws.script(code, image=PYTORCH))
    if importlib.util.find_spec("torch") is None:
        assert job["TrainingJobStatus"] == "Failed" and "make extra-torch" in job["FailureReason"]
        return
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    files = aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])
    address, port, version, module, imported = json.loads(files["facts.json"])
    assert (port, module) == ("7777", "sagemaker_pytorch_container.training:main") and version == imported
    assert address == "algo-1" if aws.mode == "namespace" else address.startswith("127.")
    assert files["model.pt"]


@pytest.mark.nightly  # imports torch twice; the hosts of a group meet by day
@needs_torch
def test_torch_distributed_on_two_instances(aws: JobFixtures) -> None:
    job = aws.trained(aws.script(textwrap.dedent(ALL_REDUCE), TORCHRUN, image=PYTORCH, ResourceConfig=cluster(2)))
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total": b"3.0 of 2"}


@needs_torch
@pytest.mark.parametrize(
    ("parameters", "count", "word"),
    [
        ({"sagemaker_distributed_dataparallel_enabled": "true"}, 1, "Amazon's own library"),
        ({"sagemaker_pytorch_ddp_enabled": "true"}, 1, "smddprun"),
    ],
)
def test_launchers_that_are_not_here(aws: JobFixtures, parameters: dict, count: int, word: str) -> None:
    job = aws.trained(aws.script("print(1)", parameters, image=PYTORCH, ResourceConfig=cluster(count)))
    assert job["TrainingJobStatus"] == "Failed" and word in job["FailureReason"]


@needs_torch
def test_mpi_on_one_instance_or_what_it_lacks(aws: JobFixtures) -> None:
    code = "from mpi4py import MPI; open(f'/opt/ml/model/{MPI.COMM_WORLD.Get_rank()}', 'w').write(str(MPI.COMM_WORLD.Get_size()))"
    job = aws.trained(aws.script(code, MPI, image=PYTORCH))
    if MPIRUN is None:
        assert job["TrainingJobStatus"] == "Failed" and "mpirun is not installed" in job["FailureReason"]
    elif MPI4PY is None:
        assert job["TrainingJobStatus"] == "Failed" and "mpi4py" in job["FailureReason"]
    else:
        assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
        assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"0": b"2", "1": b"2"}


needs_mpi = pytest.mark.skipif(not (MPIRUN and MPI4PY), reason="mpirun and mpi4py are not both on this machine, until 2027-05-24")
SUM = """
from mpi4py import MPI
import os, socket
world = MPI.COMM_WORLD
total = world.allreduce(world.Get_rank())
hosts = world.gather(socket.gethostname())
if world.Get_rank() == 0:
    open("/opt/ml/model/total", "w").write(f"{total} on {' '.join(sorted(hosts))}")
"""


@needs_torch
@needs_mpi
def test_mpi_on_two_instances(aws: JobFixtures) -> None:
    name = aws.script(SUM, MPI, image=PYTORCH, ResourceConfig=cluster(2))
    job = aws.trained(name)
    if aws.mode == "rewrite":
        assert "The local AWS runs MPI on one instance only" in job["FailureReason"]
        return
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(name), aws.lines(name, host="algo-2"))
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total": b"6 on algo-1 algo-1 algo-2 algo-2"}


@needs_torch
@needs_mpi
def test_a_rank_that_fails_on_the_second_instance(aws: JobFixtures) -> None:
    code = "from mpi4py import MPI\nif MPI.COMM_WORLD.Get_rank() == 3: raise ValueError('no rows')\nMPI.COMM_WORLD.Barrier()"
    job = aws.trained(aws.script(code, MPI, image=PYTORCH, ResourceConfig=cluster(2)))
    assert job["TrainingJobStatus"] == "Failed" and aws.processes() == []
    assert aws.mode == "rewrite" or "no rows" in job["FailureReason"]


@needs_torch
@needs_mpi
def test_mpi_on_two_instances_is_stopped(aws: JobFixtures) -> None:
    if aws.mode == "rewrite":
        pytest.skip("MPI on several instances takes user namespaces, until 2027-05-24")
    code = "from mpi4py import MPI\nimport os, time\nos.write(1, b'working\\n')\ntime.sleep(600)"
    name = aws.script(code, MPI, image=PYTORCH, ResourceConfig=cluster(2))
    aws.until(lambda: "".join(aws.lines(name)).count("working") == 4)
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.trained(name)["TrainingJobStatus"] == "Stopped" and aws.processes() == []


def environment(folder: Path, groups: dict[str, int], current: int, parameters: dict[str, str]) -> Environment:
    """The variables and arguments of one host's script."""
    resources = {
        "InstanceGroups": [
            {"InstanceGroupName": name, "InstanceType": "ml.m5.large", "InstanceCount": count} for name, count in groups.items()
        ]
    }
    members = hosts(resources)
    parameters = {"sagemaker_program": '"train.py"', "depth": "3", **parameters}
    ml_folder.create_training_layout(folder / "ml", parameters, {}, resource_config(members, members[current]))
    return Environment(folder / "ml", "framework:main")


def test_torchrun_of_a_group_of_hosts(tmp_path: Path) -> None:
    parameters = TORCHRUN | {"sagemaker_distribution_instance_groups": '["trainers"]', "sagemaker_mpi_num_of_processes_per_host": "4"}
    trainer = environment(tmp_path / "a", {"loaders": 1, "trainers": 2}, 2, parameters)
    assert launchers.command(tmp_path / "a/ml/code", trainer) == [
        *("torchrun", "--nnodes", "2", "--nproc_per_node", "4", "--master_addr", "algo-2", "--master_port", "7777", "--node_rank", "1"),
        *("train.py", "--depth", "3"),
    ]
    variables = trainer.variables()
    assert variables["SM_DISTRIBUTION_INSTANCE_GROUPS"] == '["trainers"]' and variables["SM_IS_HETERO"] == "true"
    variable = json.loads(variables["SM_TRAINING_ENV"])
    assert (variable["distribution_hosts"], variable["master_hostname"], variable["is_master"]) == (["algo-2", "algo-3"], "algo-2", False)
    loader = environment(tmp_path / "b", {"loaders": 1, "trainers": 2}, 0, parameters)
    assert launchers.command(tmp_path / "b/ml/code", loader) == ["python3", "--", "train.py", "--depth", "3"]


def test_torchrun_takes_a_python_script(tmp_path: Path) -> None:
    shell = environment(tmp_path, {"all": 1}, 0, TORCHRUN | {"sagemaker_program": '"train.sh"'})
    with pytest.raises(ClientError, match="Unsupported entry point type"):
        launchers.command(tmp_path / "ml/code", shell)
    (tmp_path / "ml/code/setup.py").touch()
    with pytest.raises(ClientError, match="Python packages are not supported"):
        launchers.command(tmp_path / "ml/code", shell)


def test_without_torch_the_reason_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = environment(tmp_path, {"all": 1}, 0, {})
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(ClientError, match="make extra-torch"):
        train.launch(tmp_path / "ml/code", host)


@pytest.mark.nightly  # imports torch once more; XGBoost's hook by day
@needs_torch
def test_a_script_for_debugger_trains(aws: JobFixtures) -> None:
    code = """
import smdebug.pytorch as smd, torch
from smdebug.core.modes import ModeKeys
hook = smd.get_hook(create_if_not_exists=True)
model, loss = torch.nn.Linear(2, 1), torch.nn.MSELoss()
hook.register_module(model)
hook.register_loss(loss)
hook.set_mode(smd.modes.TRAIN if smd.modes.TRAIN is ModeKeys.TRAIN else None)
loss(model(torch.ones(4, 2)), torch.ones(4, 1)).backward()
hook.save_scalar("loss", 1.0, sm_metric=True)
hook.close()
print("done", hook.mode.name)
"""
    job = aws.trained(aws.script(code, image=PYTORCH))
    assert job["TrainingJobStatus"] == "Completed" and "done TRAIN" in aws.lines(job["TrainingJobName"]), job
