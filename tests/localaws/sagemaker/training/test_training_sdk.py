"""Jobs through the SageMaker Python SDK v3, which brings its own drivers into a training container."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from course.localaws.core.sdk_environment import PLUGIN_FOLDER
from course.localaws.docker_build import build
from tests.localaws.sagemaker.job_fixtures import (
    BUCKET,
    ROLE,
    SKLEARN,
    XGBOOST,
    JobFixtures,
    needs_torch,
    processing_input,
    processing_output,
)

if TYPE_CHECKING:
    from sagemaker.train import ModelTrainer

# The place where a job finds them: pip may have installed both into this environment.
MPIRUN = shutil.which("mpirun", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
MPI4PY = importlib.util.find_spec("mpi4py")


@pytest.fixture
def session(aws: JobFixtures, monkeypatch: pytest.MonkeyPatch) -> object:
    """An SDK session on the local AWS, in a process whose environment names no other account."""
    for name, value in aws.handle.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(PLUGIN_FOLDER))
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.utils import utils

    # The SDK keeps one client for the whole process, and this process meets two servers.
    for cache in (utils.SingletonMeta, utils._ClientCacheMeta):
        monkeypatch.setattr(cache, "_instances", {})
    return Session(boto_session=boto3.Session(), default_bucket=BUCKET)


def write(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text))
    return str(folder)


def trainer_of(aws: JobFixtures, session: object, instances: int = 1, **members: object) -> ModelTrainer:
    """One on scikit-learn's image, unless ``members`` say otherwise."""
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import Compute

    compute = Compute(instance_type="ml.m5.large", instance_count=instances, volume_size_in_gb=5)
    common = {"training_image": SKLEARN, "role": ROLE, "sagemaker_session": session, "base_job_name": aws.name("sdk")}
    return ModelTrainer(**common | members, compute=compute)


def trained(aws: JobFixtures, trainer: ModelTrainer, **more: object) -> dict:
    """The description of the trainer's job when it has ended."""
    trainer.train(**{"wait": False, "logs": False} | more)
    return aws.trained(trainer._latest_training_job.training_job_name)


@pytest.mark.nightly  # m04_1 does this by day
def test_model_trainer_with_a_script(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.train.configs import InputData, SourceCode

    aws.put("sdk/train/a.csv", "1,2\n")
    code = """
        import argparse, json, os
        import localaws_tiny
        arguments = argparse.ArgumentParser()
        arguments.add_argument("--depth", type=int)
        depth = arguments.parse_args().depth
        data = open(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "a.csv")).read()
        print(f"depth={depth}")
        json.dump([depth, data, os.environ["SM_HPS"], localaws_tiny.VERSION], open("/opt/ml/model/facts.json", "w"))
    """
    trainer = trainer_of(
        aws,
        session,
        source_code=SourceCode(
            source_dir=write(tmp_path / "source", {"train.py": code, "needs.txt": "localaws-tiny\n"}),
            entry_script="train.py",
            requirements="needs.txt",
        ),
        hyperparameters={"depth": 3},
    )
    job = trained(aws, trainer, input_data_config=[InputData(channel_name="train", data_source=f"s3://{BUCKET}/sdk/train")])
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"])["facts.json"] == b'[3, "1,2\\n", "{\\"depth\\": 3}", "1.0"]'


@pytest.mark.nightly  # test_training.py covers it by day without the SDK
def test_model_trainer_with_a_script_that_raises(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.train.configs import SourceCode

    trainer = trainer_of(
        aws,
        session,
        source_code=SourceCode(source_dir=write(tmp_path / "source", {"train.py": "raise ValueError('no rows')"}), entry_script="train.py"),
    )
    job = trained(aws, trainer)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: Traceback") and job["FailureReason"].endswith(", exit code: 1")


@pytest.mark.nightly  # m04_1 does this by day
def test_model_trainer_with_the_built_in_xgboost(aws: JobFixtures, session: object) -> None:
    from sagemaker.train.configs import InputData

    uri = aws.put("sdk/xgboost/train.csv", "".join(f"{row % 2},{row},{row % 2 + row % 3}\n" for row in range(100)))
    trainer = trainer_of(
        aws,
        session,
        training_image=XGBOOST,
        hyperparameters={"num_round": 3, "objective": "binary:logistic", "eval_metric": "auc"},
    )
    job = trained(aws, trainer, input_data_config=[InputData(channel_name="train", data_source=uri, content_type="text/csv")])
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [metric["MetricName"] for metric in job["FinalMetricDataList"]] == ["train:auc"]


@pytest.mark.nightly  # test_training_hosts.py covers it by day without the SDK
def test_model_trainer_on_two_instances(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.train.configs import SourceCode

    code = """
        import os, socket
        host, first = os.environ["SM_CURRENT_HOST"], os.environ["SM_MASTER_ADDR"]
        socket.getaddrinfo(first, int(os.environ["SM_MASTER_PORT"]))
        facts = [os.environ[name] for name in ("SM_HOSTS", "SM_HOST_COUNT", "SM_CURRENT_HOST_RANK")]
        open(f"/opt/ml/model/{host}", "w").write(" ".join(facts))
    """
    trainer = trainer_of(
        aws,
        session,
        instances=2,
        source_code=SourceCode(source_dir=write(tmp_path / "source", {"train.py": code}), entry_script="train.py"),
    )
    job = trained(aws, trainer, wait=True, logs=True)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {
        "algo-1": b'["algo-1", "algo-2"] 2 0',
        "algo-2": b'["algo-1", "algo-2"] 2 1',
    }


ALL_REDUCE = """
    import os
    import torch
    import torch.distributed as dist
    dist.init_process_group("gloo")
    total = torch.tensor([float(dist.get_rank() + 1)])
    dist.all_reduce(total)
    if dist.get_rank() == 0:
        open("/opt/ml/model/total", "w").write(f"{total.item()} of {dist.get_world_size()}")
    dist.destroy_process_group()
"""


@pytest.mark.nightly  # test_training_pytorch.py covers two instances by day without the SDK
@needs_torch
def test_torchrun_of_the_sdk(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.train.configs import SourceCode
    from sagemaker.train.distributed import Torchrun

    trainer = trainer_of(
        aws,
        session,
        instances=2,
        source_code=SourceCode(source_dir=write(tmp_path / "source", {"train.py": ALL_REDUCE}), entry_script="train.py"),
        distributed=Torchrun(process_count_per_node=1),
    )
    job = trained(aws, trainer)
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total": b"3.0 of 2"}


@pytest.mark.nightly  # test_training_algorithms.py and test_training_topic_models.py cover it by day without the SDK
@pytest.mark.parametrize(
    ("name", "hyperparameters", "metric"),
    [
        ("kmeans", {"k": 2, "local_lloyd_tol": 0.01, "eval_metrics": ["msd"], "force_dense": True}, "train:msd"),
        ("lda", {"num_topics": 2, "mini_batch_size": 100, "alpha0": 0.5, "force_dense": True}, "train:progress"),
        pytest.param("ntm", {"num_topics": 2, "encoder_layers": [4, 3], "batch_norm": True}, "train:total_loss", marks=needs_torch),
    ],
)
def test_model_trainer_with_a_first_party_algorithm(
    aws: JobFixtures, session: object, name: str, hyperparameters: dict, metric: str
) -> None:
    """On the URI that the SDK writes, with hyperparameters of any type."""
    from sagemaker.core import image_uris
    from sagemaker.train.configs import InputData

    uri = aws.put(f"sdk/{name}/train.csv", "".join(f"{row % 2 * 9},{row % 3}\n" for row in range(100)))
    trainer = trainer_of(
        aws,
        session,
        training_image=image_uris.retrieve(name, "us-east-1"),
        hyperparameters={"feature_dim": 2, **hyperparameters},
    )
    channel = InputData(channel_name="train", data_source=uri, content_type="text/csv;label_size=0")
    job = trained(aws, trainer, input_data_config=[channel])
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert {found["MetricName"] for found in job["FinalMetricDataList"]} >= {metric, "train:progress"}


MPI_SUM = """
    from mpi4py import MPI
    import os, socket
    world = MPI.COMM_WORLD
    total = world.allreduce(world.Get_rank())
    hosts = world.gather(socket.gethostname())
    if world.Get_rank() == 0:
        with open(os.path.join(os.environ["SM_MODEL_DIR"], "total"), "w") as file:
            file.write(f"{total} on {' '.join(sorted(hosts))}")
"""


@pytest.mark.nightly  # starts programs with MPI on two hosts
@pytest.mark.parametrize("instances", [1, 2])
def test_mpi_of_the_sdk_on_one_instance_and_on_two_or_what_it_lacks(
    aws: JobFixtures, session: object, tmp_path: Path, instances: int
) -> None:
    from sagemaker.train.configs import SourceCode
    from sagemaker.train.distributed import MPI

    trainer = trainer_of(
        aws,
        session,
        instances=instances,
        source_code=SourceCode(source_dir=write(tmp_path / "source", {"train.py": MPI_SUM}), entry_script="train.py"),
        # The driver starts as many processes as one instance has, so they have to be spread.
        distributed=MPI(process_count_per_node=2, mpi_additional_options=["--map-by", "node"]),
    )
    job = trained(aws, trainer)
    name = job["TrainingJobName"]
    if lacking := [package for package, found in (("mpirun", MPIRUN), ("mpi4py", MPI4PY)) if not found]:
        assert job["TrainingJobStatus"] == "Failed" and all(package in job["FailureReason"] for package in lacking)
        assert "make extra-mpi" in job["FailureReason"]
        return
    if aws.mode == "rewrite":
        assert "needs user namespaces" in job["FailureReason"]
        return
    logs = [aws.lines(name, host=f"algo-{number}") for number in range(1, instances + 1)]
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), logs)
    hosts = ["algo-1", "algo-2"] if instances == 2 else ["algo-1", "algo-1"]
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total": f"1 on {' '.join(hosts)}".encode()}


def test_training_job_that_is_waited_for(aws: JobFixtures, session: object) -> None:
    """``wait`` with logs reads the job's log streams as it goes."""
    from sagemaker.core.resources import TrainingJob

    name = aws.train(aws.name("waited"), entrypoint=["echo", "hello"])
    job = TrainingJob.get(name, session=session.boto_session)
    job.wait(poll=1, logs=True)
    assert job.training_job_status == "Completed"


PROCESS = """
    import sys
    import localaws_tiny
    with open("/opt/ml/processing/out/result.txt", "w") as file:
        file.write(open("/opt/ml/processing/input/raw/a.csv").read() + " ".join(sys.argv[1:]) + localaws_tiny.VERSION)
"""


def processor_settings(aws: JobFixtures, session: object) -> dict:
    return {
        "role": ROLE,
        "image_uri": SKLEARN,
        "command": ["python3"],
        "instance_count": 1,
        "instance_type": "ml.m5.large",
        "base_job_name": aws.name("sdk"),
        "sagemaker_session": session,
    }


def processing_shapes(where: str) -> dict:
    from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output

    given = processing_input("raw", f"s3://{BUCKET}/sdk/raw/", "/opt/ml/processing/input/raw")["S3Input"]
    made = processing_output("out", where, "/opt/ml/processing/out")["S3Output"]
    s3_input = ProcessingS3Input(
        s3_uri=given["S3Uri"], local_path=given["LocalPath"], s3_data_type=given["S3DataType"], s3_input_mode=given["S3InputMode"]
    )
    s3_output = ProcessingS3Output(s3_uri=made["S3Uri"], local_path=made["LocalPath"], s3_upload_mode=made["S3UploadMode"])
    return {
        "inputs": [ProcessingInput(input_name="raw", s3_input=s3_input)],
        "outputs": [ProcessingOutput(output_name="out", s3_output=s3_output)],
    }


@pytest.mark.nightly  # test_framework_processor does the same and more by day
def test_script_processor(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.core.processing import ScriptProcessor

    aws.put("sdk/raw/a.csv", "1,2;")
    code = PROCESS.replace("import localaws_tiny", "").replace("+ localaws_tiny.VERSION", "")
    script = write(tmp_path / "source", {"prepare.py": code}) + "/prepare.py"
    where = f"s3://{BUCKET}/{aws.name('sdk-out')}"
    processor = ScriptProcessor(**processor_settings(aws, session))
    processor.run(code=script, arguments=["--share", "0.2"], wait=False, logs=False, **processing_shapes(where))
    job = aws.processed(processor.latest_job.processing_job_name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert aws.get(f"{where}/result.txt") == b"1,2;--share 0.2"


@pytest.mark.nightly  # the SDK imports slowly; a trainer with a script runs by day
def test_framework_processor(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    from sagemaker.core.processing import FrameworkProcessor

    aws.put("sdk/raw/a.csv", "1,2;")
    source = write(tmp_path / "source", {"prepare.py": PROCESS, "requirements.txt": "localaws-tiny\n"})
    where = f"s3://{BUCKET}/{aws.name('sdk-out')}"
    processor = FrameworkProcessor(**processor_settings(aws, session))
    processor.run(code="prepare.py", source_dir=source, arguments=["x"], wait=False, logs=False, **processing_shapes(where))
    job = aws.processed(processor.latest_job.processing_job_name)
    assert job["ProcessingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["ProcessingJobName"], "ProcessingJobs"))
    assert aws.get(f"{where}/result.txt") == b"1,2;x1.0"


@pytest.mark.nightly  # test_custom_images.py and the other tests here cover it by day
def test_model_trainer_with_an_image_of_ones_own(aws: JobFixtures, session: object, tmp_path: Path) -> None:
    """The image's packages are available to the script that the SDK brings. Without a script, the image's own program runs."""
    from sagemaker.train.configs import SourceCode

    files = {
        "Dockerfile": """
            FROM python:3.11
            COPY *.py /srv/lib/
            ENV PYTHONPATH=/srv/lib
            WORKDIR /srv
            ENTRYPOINT ["python3", "/srv/lib/own.py"]
            """,
        "own.py": """
            WORD = "own"
            if __name__ == "__main__":
                import sys
                open("/opt/ml/model/word", "w").write(" ".join([WORD, *sys.argv[1:]]))
            """,
    }
    image = build(aws.handle, Path(write(tmp_path / "context", files)), "sdk/own").uri
    script = "import own; open('/opt/ml/model/word', 'w').write(f'a script with {own.WORD}')\n"
    source = SourceCode(source_dir=write(tmp_path / "source", {"train.py": script}), entry_script="train.py")
    for source_code, word in ((None, b"own train"), (source, b"a script with own")):
        trainer = trainer_of(aws, session, training_image=image, source_code=source_code)
        job = trained(aws, trainer)
        assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), aws.lines(job["TrainingJobName"]))
        assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"word": word}
