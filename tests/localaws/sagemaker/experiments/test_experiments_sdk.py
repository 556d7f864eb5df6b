"""Experiments through the SageMaker Python SDK v3."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.training.test_training_sdk import processor_settings, session, write  # noqa: F401

IN_JOB = """
    import boto3
    from sagemaker.core.experiments.run import load_run
    from sagemaker.core.helper.session_helper import Session
    with load_run(sagemaker_session=Session(boto_session=boto3.Session())) as run:
        run.log_parameter("in_job", 1)
        run.log_metric("loss", 0.25, step=0)
"""


def test_a_run_keeps_what_is_logged(aws: JobFixtures, session: object, tmp_path: Path) -> None:  # noqa: F811
    from sagemaker.core.analytics import ExperimentAnalytics
    from sagemaker.core.experiments.run import Run, list_runs, load_run

    experiment = aws.name("sdk-experiment")
    file = tmp_path / "notes.txt"
    file.write_text("notes")
    with Run(experiment_name=experiment, run_name="first", sagemaker_session=session, tags=[{"Key": "team", "Value": "a"}]) as run:
        run.log_parameter("depth", 3)
        run.log_parameters({"kind": "tree"})
        for step, loss in enumerate((0.5, 0.25)):
            run.log_metric("loss", loss, step=step)
        run.log_artifact("data", f"s3://{BUCKET}/data", media_type="text/csv", is_output=False)
        run.log_file(str(file), name="notes")
    with load_run(experiment_name=experiment, run_name="first", sagemaker_session=session) as run:
        run.log_metric("auc", 0.9)
    found = aws.sagemaker.describe_trial_component(TrialComponentName=f"{experiment}-first")
    assert found["Parameters"] == {"depth": {"NumberValue": 3.0}, "kind": {"StringValue": "tree"}}
    assert {metric["MetricName"]: (metric["Last"], metric["Count"]) for metric in found["Metrics"]} == {"auc": (0.9, 1), "loss": (0.25, 2)}
    assert found["Status"]["PrimaryStatus"] == "Completed" and found["InputArtifacts"]["data"]["MediaType"] == "text/csv"
    assert aws.get(found["OutputArtifacts"]["notes"]["Value"]) == b"notes"
    table = ExperimentAnalytics(experiment_name=experiment, sagemaker_session=session, sort_by="metrics.loss.max").dataframe()
    assert table.loc[0, ["depth", "kind", "loss - Min", "auc - Last"]].tolist() == [3.0, "tree", 0.25, 0.9]
    [listed] = list_runs(experiment_name=experiment, sagemaker_session=session)
    assert listed.run_name == "first"
    assert len(aws.sagemaker.list_trial_components(ExperimentName=experiment)["TrialComponentSummaries"]) == 1


@pytest.mark.nightly  # the SDK imports slowly
def test_charts_of_a_run_are_its_artifacts(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.experiments.run import Run

    experiment = aws.name("sdk-experiment")
    late, predicted, chances = [0, 1, 1, 0], [0, 1, 0, 0], [0.1, 0.9, 0.4, 0.3]
    with Run(experiment_name=experiment, run_name="charts", sagemaker_session=session) as run:
        run.log_confusion_matrix(late, predicted, title="matrix")
        run.log_roc_curve(late, chances, title="roc")
        run.log_precision_recall(late, chances, title="recall")
    component = aws.sagemaker.describe_trial_component(TrialComponentName=f"{experiment}-charts")["TrialComponentArn"]
    edges = aws.sagemaker.list_associations(SourceArn=component, AssociationType="Produced")["AssociationSummaries"]
    assert {edge["DestinationName"]: edge["DestinationType"] for edge in edges} == {
        "matrix": "ConfusionMatrix",
        "roc": "ROCCurve",
        "recall": "PrecisionRecallCurve",
    }
    found = aws.sagemaker.describe_artifact(ArtifactArn=edges[0]["DestinationArn"])
    assert aws.get(found["Source"]["SourceUri"]).startswith(b"{")


@pytest.mark.nightly  # imports the SDK again
def test_a_run_that_raises_has_failed(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.experiments.run import Run

    experiment = aws.name("sdk-experiment")
    try:
        with Run(experiment_name=experiment, run_name="bad", sagemaker_session=session):
            raise ValueError("no rows")
    except ValueError:
        pass
    status = aws.sagemaker.describe_trial_component(TrialComponentName=f"{experiment}-bad")["Status"]
    assert status == {"PrimaryStatus": "Failed", "Message": "no rows"}


@pytest.mark.nightly  # a job that imports the SDK
def test_a_training_job_loads_its_run_and_logs_to_it(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.experiments.run import Run

    experiment = aws.name("sdk-experiment")
    with Run(experiment_name=experiment, run_name="with-job", sagemaker_session=session) as run:
        name = aws.script(textwrap.dedent(IN_JOB), ExperimentConfig=run.experiment_config)
        job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", aws.lines(name)
    logged_by_its_job(aws, experiment, job["TrainingJobArn"], f"{name}-aws-training-job")


@pytest.mark.nightly  # the training job of a run does the same by day
def test_a_processing_job_loads_its_run_and_logs_to_it(aws: JobFixtures, session: object, tmp_path: Path) -> None:  # noqa: F811
    from sagemaker.core.experiments.run import Run
    from sagemaker.core.processing import ScriptProcessor

    if aws.mode == "rewrite":
        pytest.skip("the SDK's own code reads /opt/ml/config of a processing job, which is not rewritten, until 2027-05-24")
    experiment = aws.name("sdk-experiment")
    script = write(tmp_path / "source", {"log.py": textwrap.dedent(IN_JOB)}) + "/log.py"
    with Run(experiment_name=experiment, run_name="with-job", sagemaker_session=session) as run:
        processor = ScriptProcessor(**processor_settings(aws, session))
        processor.run(code=script, wait=False, logs=False, experiment_config=run.experiment_config)
        job = aws.processed(processor.latest_job.processing_job_name)
    assert job["ProcessingJobStatus"] == "Completed", aws.lines(job["ProcessingJobName"], "ProcessingJobs")
    logged_by_its_job(aws, experiment, job["ProcessingJobArn"], f"{job['ProcessingJobName']}-aws-processing-job")


def logged_by_its_job(aws: JobFixtures, experiment: str, job: str, component: str) -> None:
    found = aws.sagemaker.describe_trial_component(TrialComponentName=f"{experiment}-with-job")
    assert found["Parameters"]["in_job"] == {"NumberValue": 1.0} and found["Metrics"][0]["Last"] == 0.25
    assert found["Sources"][0]["SourceArn"] == job
    names = [
        each["TrialComponentName"] for each in aws.sagemaker.list_trial_components(ExperimentName=experiment)["TrialComponentSummaries"]
    ]
    assert component in names
