"""The experiment, the trial and the trial components of executions, through boto3."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.pipelines.definitions import get
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import PipelineFixtures

NAMES = {"ExperimentName": get("Execution.PipelineName"), "TrialName": get("Execution.PipelineExecutionId")}  # as the SDKs write


@pytest.fixture(scope="module")
def pipelines(client) -> PipelineFixtures:
    return PipelineFixtures(client)


def components(pipelines: PipelineFixtures, trial: str) -> list[str]:
    """The names of the jobs whose components are in a trial."""
    listed = pipelines.sagemaker.list_trial_components(TrialName=trial)["TrialComponentSummaries"]
    return sorted(each["TrialComponentSource"]["SourceArn"] for each in listed)


def jobs(pipelines: PipelineFixtures, execution: str) -> list[str]:
    return sorted(step["Metadata"]["ProcessingJob"]["Arn"] for step in pipelines.steps(execution).values())


def test_each_execution_is_a_trial_of_the_pipelines_experiment(pipelines: PipelineFixtures) -> None:
    sagemaker = pipelines.sagemaker
    named = pipelines.processing("named")
    named["Arguments"]["ExperimentConfig"] = {"TrialComponentDisplayName": "Prepare", "TrialName": "ignored"}
    name = pipelines.create({"PipelineExperimentConfig": NAMES, "Steps": [named, pipelines.processing("plain")]})
    executions = [pipelines.run(name), pipelines.run(name)]
    for execution in executions:
        trial = execution.rpartition("/")[2]
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
        assert described["PipelineExperimentConfig"] == {"ExperimentName": name, "TrialName": trial}
        assert sagemaker.describe_trial(TrialName=trial)["ExperimentName"] == name
        assert components(pipelines, trial) == jobs(pipelines, execution)
        displayed = {each["DisplayName"] for each in sagemaker.list_trial_components(TrialName=trial)["TrialComponentSummaries"]}
        [own_name] = displayed - {"Prepare"}
        assert own_name.startswith(f"pipelines-{trial}-plain-") and own_name.endswith("-aws-processing-job")
    assert len(sagemaker.list_trials(ExperimentName=name)["TrialSummaries"]) == 2
    # Search joins a component with its trial, its job and the execution in the job's tags.
    tag = {"Name": "SourceDetail.ProcessingJob.Tags.sagemaker:pipeline-execution-arn", "Operator": "Equals", "Value": executions[0]}
    found = sagemaker.search(Resource="ExperimentTrialComponent", SearchExpression={"Filters": [tag]})["Results"]
    parents = [each["TrialComponent"]["Parents"] for each in found]
    assert parents == [[{"TrialName": executions[0].rpartition("/")[2], "ExperimentName": name}]] * 2
    sagemaker.delete_pipeline(PipelineName=name)
    assert sagemaker.describe_experiment(ExperimentName=name)["ExperimentName"] == name  # it outlives the pipeline


def test_the_names_may_be_expressions_and_may_exist(pipelines: PipelineFixtures) -> None:
    experiment, trial = pipelines.name("experiment"), pipelines.name("trial")
    pipelines.sagemaker.create_experiment(ExperimentName=experiment)
    joined = {"Std:Join": {"On": "-", "Values": [trial, get("Parameters.Month")]}}
    name = pipelines.create(
        {
            "Parameters": [{"Name": "Month", "Type": "Integer", "DefaultValue": 6}],
            "PipelineExperimentConfig": {"ExperimentName": experiment, "TrialName": joined},
            "Steps": [pipelines.processing("step")],
        }
    )
    first, second, third = pipelines.run(name), pipelines.run(name), pipelines.run(name, Month=7)
    assert components(pipelines, f"{trial}-6") == sorted(jobs(pipelines, first) + jobs(pipelines, second))
    assert components(pipelines, f"{trial}-7") == jobs(pipelines, third)
    assert pipelines.sagemaker.describe_trial(TrialName=f"{trial}-7")["ExperimentName"] == experiment


def test_a_name_that_is_not_given_has_a_default(pipelines: PipelineFixtures) -> None:
    trial = pipelines.name("trial")
    name = pipelines.create({"PipelineExperimentConfig": {"TrialName": trial}, "Steps": [pipelines.processing("step")]})
    execution = pipelines.run(name)
    described = pipelines.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
    assert described["PipelineExperimentConfig"] == {"ExperimentName": name, "TrialName": trial}


@pytest.mark.parametrize("config", [NAMES, {}])
def test_the_pipelines_name_is_in_lower_case_in_that_of_the_experiment(pipelines: PipelineFixtures, config: dict) -> None:
    name = pipelines.name("Delays")
    pipelines.create({"PipelineExperimentConfig": config, "Steps": [pipelines.processing("step")]}, name)
    trial = pipelines.run(name).rpartition("/")[2]
    assert pipelines.sagemaker.describe_trial(TrialName=trial)["ExperimentName"] == name.lower()


@pytest.mark.parametrize("config", [{}, {"PipelineExperimentConfig": None}])
def test_without_configuration_there_is_no_experiment(pipelines: PipelineFixtures, config: dict) -> None:
    name = pipelines.create({"Steps": [pipelines.processing("step")]} | config)
    execution = pipelines.run(name)
    described = pipelines.sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
    assert described["PipelineExecutionStatus"] == "Succeeded" and "PipelineExperimentConfig" not in described
    assert refused(pipelines.sagemaker.describe_experiment, ExperimentName=name)[0] == "ResourceNotFound"


def test_a_name_that_no_trial_can_have_is_refused(pipelines: PipelineFixtures) -> None:
    config = {"TrialName": {"Std:Join": {"On": "_", "Values": ["trial", get("Execution.PipelineExecutionId")]}}}
    name = pipelines.create({"PipelineExperimentConfig": config, "Steps": [pipelines.processing("step")]})
    code, message = refused(pipelines.start, name)
    assert code == "ValidationException" and message.startswith("PipelineExperimentConfig.TrialName: 'trial_")
    assert pipelines.sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"] == []
