"""PySparkProcessor of the SDK on pyspark in local mode, and smspark-submit as programs of any kind call it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from course.localaws.images.spark import submit
from course.localaws.server import launch
from course.sandbox import box
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures, processing_input
from tests.localaws.sagemaker.training.test_training_sdk import processing_shapes, session, write  # noqa: F401

SPARK = "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py39-v1.0"
INSTALLED = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
spark = pytest.mark.skipif(not INSTALLED, reason="the extra `spark` or Java is not installed, until 2027-05-24")

APPLICATION = """
    import sys
    from pyspark.sql import SparkSession
    from squares import square
    spark = SparkSession.builder.appName("test").getOrCreate()
    given, made = sys.argv[1], sys.argv[2]
    rows = spark.read.csv(given, header=True, inferSchema=True).collect()
    print("greeting:", spark.conf.get("spark.greeting"), "sum:", sum(square(row["a"]) for row in rows))
    spark.createDataFrame([(square(row["a"]),) for row in rows], ["square"]).coalesce(1).write.json(made)
"""


@spark
@pytest.mark.timeout(300)
def test_pyspark_processor(aws: JobFixtures, session: object, tmp_path: Path) -> None:  # noqa: F811
    from sagemaker.core.spark.processing import PySparkProcessor

    aws.put("sdk/raw/a.csv", "a,b\n2,x\n3,y\n")
    source = write(tmp_path / "source", {"app.py": APPLICATION, "squares.py": "def square(n):\n    return n * n\n"})
    name = aws.name("spark")
    processor = PySparkProcessor(
        base_job_name=name,
        framework_version="3.5",
        py_version="py39",
        container_version="1.0",
        role=ROLE,
        instance_count=2,
        instance_type="ml.m5.large",
        sagemaker_session=session,
    )
    processor.run(
        submit_app=f"{source}/app.py",
        submit_py_files=[f"{source}/squares.py"],
        arguments=["file:///opt/ml/processing/input/raw", "file:///opt/ml/processing/out/squares"],
        configuration=[{"Classification": "spark-defaults", "Properties": {"spark.greeting": "hello"}}],
        spark_event_logs_s3_uri=f"s3://{BUCKET}/{name}/events",
        wait=False,
        logs=False,
        **processing_shapes(f"s3://{BUCKET}/{name}/out"),
    )
    job = aws.processed(processor.latest_job.processing_job_name)
    lines = aws.lines(job["ProcessingJobName"], "ProcessingJobs")
    assert job["ProcessingJobStatus"] == "Completed", lines[-40:]
    assert "greeting: hello sum: 13" in lines
    [part] = [key for key in aws.keys(f"{name}/out/squares/") if key.endswith(".json")]
    assert aws.get(f"s3://{BUCKET}/{part}") == b'{"square":4}\n{"square":9}\n'
    assert aws.keys(f"{name}/events/")
    [other] = [line for line in logged(aws, job["ProcessingJobName"], "algo-2")]
    assert other == "Spark runs on the first instance alone; this one is done"


def logged(aws: JobFixtures, name: str, host: str) -> list[str]:
    found = aws.logs.filter_log_events(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{name}/{host}-")
    return [event["message"] for event in found["events"]]


@spark
def test_a_job_that_names_s3_is_told_before_spark_starts(aws: JobFixtures) -> None:
    code = "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().read.csv('s3a://course-data/raw/')"
    arguments = ["/opt/ml/processing/input/code/process.py"]
    name = aws.process(code, AppSpecification={"ImageUri": SPARK, "ContainerEntrypoint": None, "ContainerArguments": arguments})
    assert aws.processed(name)["ProcessingJobStatus"] == "Failed"
    lines = aws.lines(name, "ProcessingJobs")
    told = next(number for number, line in enumerate(lines) if "Spark does not read or write S3 here" in line)
    assert "this job names s3a://course-data/raw/." in lines[told]
    assert told < next(number for number, line in enumerate(lines) if "running spark submit command" in line)


@pytest.mark.parametrize(
    "code, arguments, found",
    [
        ("open('s3.csv')", [], None),
        ("spark.read.csv('s3://a/b', header=True)", [], "s3://a/b"),
        ("", ["--input", "s3a://a/b/"], "s3a://a/b/"),
    ],
)
def test_where_a_job_names_s3(tmp_path: Path, code: str, arguments: list[str], found: str | None) -> None:
    (tmp_path / "app.py").write_text(code)
    assert submit.s3_uri(tmp_path / "app.py", arguments) == found
    assert submit.s3_uri(tmp_path / "absent.jar", arguments) == (found if arguments else None)


@spark
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "the following arguments are required: app"),
        (["--conf", "a=b", "/opt/ml/processing/input/code/process.py"], "unrecognized arguments: --conf"),
        (["--py-files", "squares.py", "/opt/ml/processing/input/code/process.py"], "must be an absolute path"),
        (["/opt/ml/processing/input/code/process.py", "--fails"], "spark-submit command failed with exit code 1"),
    ],
    ids=["nothing", "conf", "relative", "fails"],
)
def test_the_image_starts_smspark_submit(aws: JobFixtures, arguments: list[str], word: str) -> None:
    code = "import sys; raise SystemExit(sys.argv[1:] == ['--fails'])"
    made = {"ImageUri": SPARK, "ContainerEntrypoint": None} | ({"ContainerArguments": arguments} if arguments else {})
    job = aws.processed(aws.process(code, AppSpecification=made))
    lines = aws.lines(job["ProcessingJobName"], "ProcessingJobs")
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 1"
    assert any(word in line for line in lines), lines


@spark
def test_an_unknown_spark_classification_is_reported(aws: JobFixtures) -> None:
    uri = aws.put("conf/configuration.json", json.dumps([{"Classification": "sparks", "Properties": {}}]))
    job = aws.processed(
        aws.process(
            "pass",
            AppSpecification={"ImageUri": SPARK, "ContainerEntrypoint": ["smspark-submit", "/opt/ml/processing/input/code/process.py"]},
            ProcessingInputs=[processing_input("conf", uri, "/opt/ml/processing/input/conf")],
        )
    )
    assert job["ProcessingJobStatus"] == "Failed"
    assert any("unknown classification 'sparks'" in line for line in aws.lines(job["ProcessingJobName"], "ProcessingJobs"))


def test_without_java_the_image_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with launch.temporary() as handle:
        code, message = refused(JobFixtures(handle, box.best_mode()).process, "pass", AppSpecification={"ImageUri": SPARK})
    assert code == "NotSupportedByLocalAws" and ("uv sync --inexact --extra spark" in message or "the program java" in message)
