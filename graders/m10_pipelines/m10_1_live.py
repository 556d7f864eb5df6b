"""Endpoints whose live model a learner has to find (m10_1_ex2), and models that are live for a release pipeline (m10_1_ex3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.cleanup import delete_bucket
from course.grading import Answer, AnswerError, Report
from course.grading.jobs import sagemaker_role
from course.grading.model_archives import constant

from .m10_1_runs import package_group

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"  # AWS's registry of XGBoost in us-east-1
WAIT = {"Delay": 0.2, "MaxAttempts": 600}
FORMATS = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}


class Deployment:
    """A bucket of archives, and an endpoint that serves some of them. All that it makes is deleted by `close`.

    Parameters
    ----------
    answer : Answer
    name : str
        Of the bucket, and the stem of all other names.
    """

    def __init__(self, answer: Answer, name: str) -> None:
        self.sagemaker, self.s3, self.name = answer.client("sagemaker"), answer.client("s3"), name
        self._role = sagemaker_role(answer.client("iam"))
        self._configs: list[str] = []
        self._models: list[str] = []
        self._archives = 0
        self.s3.create_bucket(Bucket=name)

    def archive(self, content: bytes) -> str:
        """Store an archive, and return its URI."""
        self._archives += 1
        key = f"jobs/late-{self._archives}/output/model.tar.gz"
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)
        return f"s3://{self.name}/{key}"

    def model(self, archive: str) -> str:
        """A model of an archive."""
        name, container = f"{self.name}-m{len(self._models)}", {"Image": IMAGE, "ModelDataUrl": archive}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=self._role, PrimaryContainer=container)
        self._models.append(name)
        return name

    def delete_model(self, model: str) -> None:
        self.sagemaker.delete_model(ModelName=model)
        self._models.remove(model)

    def package(self, group: str, archive: str) -> None:
        """An approved package of an archive in a group, which nobody deploys."""
        containers = {"Containers": [{"Image": IMAGE, "ModelDataUrl": archive}], **FORMATS}
        self.sagemaker.create_model_package(ModelPackageGroupName=group, ModelApprovalStatus="Approved", InferenceSpecification=containers)

    def serve(self, *models: tuple[str, float], wait: bool = True) -> None:
        """Let the endpoint serve these models, each with its initial weight. The first call creates it."""
        config = f"{self.name}-c{len(self._configs)}"
        variants = [
            {
                "VariantName": f"V{number}",
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
            for number, (model, weight) in enumerate(models)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
        change = self.sagemaker.update_endpoint if self._configs else self.sagemaker.create_endpoint
        change(EndpointName=self.name, EndpointConfigName=config)
        self._configs.append(config)
        if wait:
            self.wait()

    def weigh(self, *weights: float) -> None:
        """Change the variants' current weights. The configuration keeps the initial ones."""
        wanted = [{"VariantName": f"V{number}", "DesiredWeight": weight} for number, weight in enumerate(weights)]
        self.sagemaker.update_endpoint_weights_and_capacities(EndpointName=self.name, DesiredWeightsAndCapacities=wanted)
        self.wait()

    def wait(self) -> None:
        """Wait until the endpoint is in service, or failed."""
        with contextlib.suppress(WaiterError):
            self.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=self.name, WaiterConfig=WAIT)

    def close(self) -> None:
        with contextlib.suppress(ClientError):
            self.wait()
            self.sagemaker.delete_endpoint(EndpointName=self.name)
        for config in self._configs:
            self.sagemaker.delete_endpoint_config(EndpointConfigName=config)
        for model in list(self._models):
            self.delete_model(model)
        delete_bucket(self.s3, self.name)


@contextlib.contextmanager
def deployment(answer: Answer, name: str) -> Iterator[Deployment]:
    there = Deployment(answer, name)
    try:
        yield there
    finally:
        there.close()


def judge_live(answer: Answer, report: Report, name: str) -> None:
    """Ask the learner's function about an endpoint that changes, and about one that does not exist."""
    got = answer.call("live_archive", f"{name}-none")
    said = f"`live_archive(...)` for an endpoint that does not exist returned {got!r}."
    if not report.part("none", got == "none", said):
        return
    with deployment(answer, name) as there, package_group(answer, f"{name}-group") as group:
        content = constant(0.5)
        archives = [there.archive(content) for _ in range(4)]
        first, second = there.model(archives[0]), there.model(archives[1])
        there.package(group, archives[3])  # approved, the newest, and not deployed
        there.serve((first, 1.0))
        if not _asked(answer, report, there, "live", archives[0], archives, "has one variant"):
            return
        there.serve((first, 0.4), (second, 1.6))
        if not _asked(answer, report, there, "updated", archives[1], archives, "was updated, and has two variants"):
            return
        there.weigh(3.0, 1.0)
        if not _asked(
            answer, report, there, "weights", archives[0], archives, "now has other weights; the first variant has the larger one"
        ):
            return
        there.delete_model(first)
        said = "The model of the endpoint was deleted, and `live_archive(...)` says that there is no endpoint: which errors does it catch?"
        report.part("none", not _says_none(answer, there.name), said)


def _says_none(answer: Answer, endpoint: str) -> bool:
    """Whether the learner's function returns ``"none"``, and does not raise."""
    try:
        return answer.call("live_archive", endpoint) == "none"
    except AnswerError:
        return False


def _asked(answer: Answer, report: Report, there: Deployment, part: str, wanted: str, archives: list[str], state: str) -> bool:
    got = answer.call("live_archive", there.name)
    said = f"The endpoint {state}. `live_archive(...)` returned {_called(got, archives)}."
    passed = report.part(part, got == wanted, said if got == wanted else f"{said} {_why(got, archives, part)}")
    report.finished(part)
    return passed


def _called(got: Any, archives: list[str]) -> str:
    return f"the archive {got.split('/')[-3]}" if got in archives else repr(got)[:200]


def _why(got: Any, archives: list[str], part: str) -> str:
    if got == archives[3]:
        return "That is the package that was approved last. Is it deployed?"
    if part == "updated" and got == archives[0]:
        return "That was right before the update, or is the variant with the smaller weight."
    if part == "weights" and got == archives[1]:
        return "The configuration has the weights of the beginning: who knows the current ones?"
    return "Go from the endpoint to its configuration, to the variant's model, to that model's container."
