"""A release on a real endpoint, with the learner's guard: one of its alarms goes off."""

from typing import Any

from course.grading import Answer, AnswerError, Report

from .m08_2_deploy import WAIT, create, delete, until, variant


def lessons_model(answer: Answer, key: str) -> tuple[str, dict]:
    """Role and container of the lesson's newest model of that kind. Raises `AnswerError` when there is none."""
    sagemaker = answer.client("sagemaker")
    found = sagemaker.list_models(NameContains=f"late-flights-{key}", SortBy="CreationTime", SortOrder="Descending", MaxResults=1)["Models"]
    if not found:
        raise AnswerError(f"There is no model late-flights-{key}; run the cells under 'Three models' and 'Two variants' again.")
    described = sagemaker.describe_model(ModelName=found[0]["ModelName"])
    container = described["PrimaryContainer"]  # has its artifact twice, by its URL and as a source
    return described["ExecutionRoleArn"], {"Image": container["Image"], "ModelDataUrl": container["ModelDataUrl"]}


def probe(answer: Answer, report: Report, guarded: Any, release: dict, role: str, container: dict) -> None:
    """Give a real endpoint a new model with the learner's guard, let one of the alarms go off, and see whether the old one is back.

    ``guarded`` gets the release of this endpoint, and returns the learner's guard of it; None when it has no form.
    """
    name, sagemaker, cloudwatch = f"graded-m08-2-{answer.token()}", answer.client("sagemaker"), answer.client("cloudwatch")
    new, made = f"{name}-new", []
    create(sagemaker, role, name, container)
    try:
        sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[variant(name)])
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        given = guarded(release | {"endpoint": name, "variant": "Live", "config": new})
        if given is None:
            return
        made = [alarm["AlarmName"] for alarm in given["alarms"]]
        for alarm in given["alarms"]:
            cloudwatch.put_metric_alarm(**alarm)
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=given["deployment"])
        stage = until(lambda: _stage(sagemaker, name), ("Baking", "InService"))
        chosen = answer.rng.choice(made)
        cloudwatch.set_alarm_state(AlarmName=chosen, StateValue="ALARM", StateReason="The check makes it go off.")
        until(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], ("InService", "Failed", "UpdateRollbackFailed"))
        present = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        said = f"On a real endpoint the alarm {chosen!r} went off while the new model was {stage}, and the endpoint now has the "
        said += "configuration of the new one: was there a time in which the deployment watched?"
        report.part("probe", stage == "Baking" and present == name, said)
    finally:
        if made:
            cloudwatch.delete_alarms(AlarmNames=made)
        delete(sagemaker, name, new)


def _stage(sagemaker: Any, name: str) -> str:
    described = sagemaker.describe_endpoint(EndpointName=name)
    stages = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])[0].get("VariantStatus", [{}])
    return described["EndpointStatus"] if described["EndpointStatus"] != "Updating" else stages[0].get("Status", "")
