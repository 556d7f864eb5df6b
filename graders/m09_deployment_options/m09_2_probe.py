"""Asks what a learner has built: models behind a multi-model endpoint, and an inference pipeline."""

import contextlib
import random
import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from course.grading import Answer, AnswerError, Report
from course.grading.model_archives import packed

from .m09_2_cases import features

WAIT = {"Delay": 0.2, "MaxAttempts": 600}
NEAR = 1e-4
DEFAULT = "default"
COLUMNS = 9
BOTH_ARTIFACTS = 2


def numbers(body: str) -> list[float]:
    """The numbers of an answer, whether it came as JSON, as a line or as lines."""
    return [float(number) for number in body.strip().strip("[]").replace(",", " ").split()]


def ask(runtime: Any, endpoint: str, target: str, lines: list[str]) -> list[float]:
    """What one model of an endpoint answers to these lines. Raises ClientError."""
    said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Body="\n".join(lines))
    return numbers(said["Body"].read().decode())


def same(got: list[float], wanted: list[float]) -> bool:
    return len(got) == len(wanted) and all(abs(one - other) < NEAR for one, other in zip(got, wanted, strict=True))


def split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


class Shelf:
    """The folder of a multi-model endpoint, and two archives elsewhere, whose models are in the folder, too, as ``targets``.

    What is noted in ``put`` is deleted when it is left.
    """

    def __init__(self, answer: Answer, endpoint: str, folder: str, archives: tuple[str, str], targets: tuple[str, str], line: str) -> None:
        self.s3, self.runtime = answer.client("s3"), answer.client("sagemaker-runtime")
        self.endpoint, self.folder, self.archives, self.targets, self.line = endpoint, folder, archives, targets, line
        self.bucket, self.prefix = split(folder)
        self.put: list[str] = []

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        for target in self.put:
            with contextlib.suppress(ClientError):
                self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + target)

    def answer_of(self, target: str) -> list[float]:
        return ask(self.runtime, self.endpoint, target, [self.line])

    def holds(self, target: str) -> bool:
        try:
            self.s3.head_object(Bucket=self.bucket, Key=self.prefix + target)
        except ClientError:
            return False
        return True


def judge_publish(answer: Answer, report: Report, shelf: Shelf, airport: str) -> bool:
    """Whether the learner's function puts a model in for an airport, and then another one for the same."""
    known = [shelf.answer_of(target) for target in shelf.targets]
    first = _published(answer, report, shelf, airport, shelf.archives[0], "new")
    if first is None:
        return False
    right = same(shelf.answer_of(first), known[0])
    if not report.part("new", right, f"The model {first!r} that `publish(...)` named does not answer as the one of the archive."):
        return False
    report.finished("new")
    second = _published(answer, report, shelf, airport, shelf.archives[1], "replaced")
    if second is None:
        return False
    called = f"`publish(...)`, called again for {airport!r} with another archive, returned {second!r}"
    if same(shelf.answer_of(second), known[0]):
        why = "what does an instance do when it is asked for an archive that it has loaded before?"
        return report.part("replaced", False, f"{called}; asked for it, the endpoint still answers with the earlier model: {why}")
    if not report.part("replaced", same(shelf.answer_of(second), known[1]), f"{called}, which answers as neither archive does."):
        return False
    kept = shelf.holds(first) and same(shelf.answer_of(first), known[0])
    why = "requests that were sent with the earlier name are still under way, and you may want to go back"
    return report.part("replaced", kept, f"{called}; the earlier model, {first!r}, is not there any more: {why}.")


def _published(answer: Answer, report: Report, shelf: Shelf, airport: str, archive: str, part: str) -> str | None:
    """The target that the function returned, once the endpoint knows it; reports the part and returns None when it does not."""
    target = answer.call("publish", shelf.folder, airport, archive)
    if target not in shelf.targets:
        shelf.put.append(target)
    called = f"`publish({shelf.folder!r}, {airport!r}, ...)` returned {target!r}"
    if target.startswith("s3://"):
        report.part(part, False, f"{called}, a place in S3; expected what a request says as `TargetModel`.")
        return None
    if not report.part(part, shelf.holds(target), f"{called}, and there is no such object in the folder of the endpoint."):
        return None
    try:
        shelf.answer_of(target)
    except ClientError as error:
        report.part(part, False, f"{called}; asked for this model, the endpoint says: {error.response['Error']['Message'][:200]}")
        return None
    return target


def judge_predict(answer: Answer, report: Report, shelf: Shelf, flights: list[dict], routes: dict[str, str]) -> bool:
    """Whether each flight is answered by the model of its airport, in the order of the flights."""
    targets = [routes.get(flight["airport"], routes[DEFAULT]) for flight in flights]
    wanted = [ask(shelf.runtime, shelf.endpoint, target, [flight["line"]])[0] for flight, target in zip(flights, targets, strict=True)]
    got = answer.call("predict", shelf.endpoint, routes, flights)
    called = f"`predict(...)` returned {len(got)} numbers for {len(flights)} flights to {len({f['airport'] for f in flights})} airports"
    if not report.part("answers", len(got) == len(flights), f"{called}; expected one a flight."):
        return False
    if not same(got, wanted) and same(sorted(got), sorted(wanted)):
        report.part("answers", False, f"{called}, the right ones in another order: which answer belongs to which flight?")
        return False
    wrong = {flight["airport"] for flight, one, other in zip(flights, got, wanted, strict=True) if abs(one - other) >= NEAR}
    why = "are they asked of the model that `routes` names for their airport?"
    if wrong and not wrong & set(routes):
        why = "these airports have no model of their own."
    return report.part("answers", not wrong, f"{called}; those for {', '.join(sorted(wrong)[:4])} are not what the endpoint says: {why}")


def judge_requests(answer: Answer, report: Report, shelf: Shelf, flights: list[dict], routes: dict[str, str]) -> None:
    """Whether one request is sent to each model that is needed, as CloudWatch counts, and whether no flights have no answers."""
    before = _invocations(answer, shelf.endpoint)
    answer.call("predict", shelf.endpoint, routes, flights)
    sent = _invocations(answer, shelf.endpoint) - before
    answering = {routes.get(flight["airport"], routes[DEFAULT]) for flight in flights}
    said = f"`predict(...)` sent {sent} requests for {len(flights)} flights that {len(answering)} models answer: how many are needed?"
    if sent:  # on AWS CloudWatch counts a minute later
        report.part("requests", sent == len(answering), said)
        report.finished("requests")
    none = answer.call("predict", shelf.endpoint, routes, [])
    report.part("answers", none == [], f"`predict(...)` for no flights returned {none!r}; expected no answers.")


def _invocations(answer: Answer, endpoint: str) -> int:
    """How often the endpoint was asked since it was made."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "Live"}]
    query = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": dimensions, "Period": 86_400, "Statistics": ["Sum"]}
    made = answer.client("sagemaker").describe_endpoint(EndpointName=endpoint)["CreationTime"]
    around = {"StartTime": made - timedelta(days=1), "EndTime": made + timedelta(days=60)}
    points = answer.client("cloudwatch").get_metric_statistics(**query, **around)["Datapoints"]
    return round(sum(point["Sum"] for point in points))


def boosted(rng: random.Random) -> tuple[bytes, Any]:
    """``model.tar.gz`` of a model of the nine features, every one of which moves its answers, and the model itself."""
    import numpy as np
    import xgboost

    draw = np.random.default_rng(rng.getrandbits(32))
    low, high = [0, 5, 0, 0.05, 90, 15, 0, 0, 0], [7, 23, 3, 0.95, 2600, 95, 35, 0.4, 10]
    rows = draw.uniform(low, high, size=(2_000, COLUMNS))
    rows[:, :3] = np.floor(rows[:, :3])
    rows[draw.random(rows.shape) < [0, 0, 0, 0, 0, 0.1, 0.1, 0, 0.1]] = np.nan
    scaled = (np.nan_to_num(rows, nan=-20) - low) / (np.array(high) - low)
    labels = (scaled @ draw.uniform(0.6, 1.4, COLUMNS) * draw.choice([0.9, 1.1])) > np.median(scaled.sum(axis=1))
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.4, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(rows, label=labels.astype(float)), num_boost_round=25)
    return packed(bytes(booster.save_raw("ubj"))), booster


def expected(booster: Any, encoder: dict, lines: list[str]) -> list[float]:
    import numpy as np
    import xgboost

    rows = np.array([features(line, encoder) for line in lines])
    return [float(number) for number in booster.predict(xgboost.DMatrix(rows))]


@contextlib.contextmanager
def pipeline(answer: Answer, report: Report, name: str, encoder: dict, model_data: str) -> Iterator[bool]:
    """The endpoint that the learner's function makes; yields whether it is there as asked for. It goes when it is left."""
    sagemaker = answer.client("sagemaker")
    try:
        yield _built(report, sagemaker, name, _called(answer, name, encoder, model_data), model_data)
    finally:
        remove(sagemaker, name)


def _called(answer: Answer, name: str, encoder: dict, model_data: str) -> str:
    """What the learner's function returned. When it raised, the error also tells what the containers logged."""
    try:
        return answer.call("pipeline", name, encoder, model_data)
    except AnswerError as error:
        raise AnswerError(f"{error} {_log_ends(answer, name)}".strip(), unanswered=error.unanswered, function=error.function) from error


def _log_ends(answer: Answer, name: str) -> str:
    """The last error that a container of an endpoint has logged, as a sentence; nothing where there is none."""
    logs, group = answer.client("logs"), f"/aws/sagemaker/Endpoints/{name}"
    try:
        events = logs.filter_log_events(logGroupName=group)["events"]
    except ClientError:
        return ""
    said = [event for event in events if re.match(r"\S*(Error|Exception)\b", event["message"])]
    return f"{said[-1]['logStreamName'].rpartition('/')[2]} logs: {said[-1]['message'][:200]}" if said else ""


def _built(report: Report, sagemaker: Any, name: str, returned: str, model_data: str) -> bool:
    called = f"`pipeline(...)` returned {returned!r}"
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError:
        return report.part("built", False, f"{called}, and there is no endpoint of the name that was asked for.")
    if endpoint["EndpointStatus"] == "Creating":
        return report.part("built", False, f"{called}, and the endpoint is still Creating: who asks it now gets no answer.")
    if endpoint["EndpointStatus"] == "Failed":
        return report.part("built", False, f"{called}; the endpoint failed: {endpoint.get('FailureReason', '')[:250]}")
    model = _model_of(sagemaker, endpoint["EndpointConfigName"])
    containers = model.get("Containers", [])
    if not report.part("built", len(containers) > 1, f"{called}; its model has one container, which does all the work or none."):
        return False
    last = containers[-1].get("ModelDataUrl")
    if not report.part("built", last == model_data, f"{called}; the last container has the archive {last!r}, not the model's."):
        return False
    return report.part("built", returned == name, f"{called}; expected the name of the endpoint.")


def _model_of(sagemaker: Any, config: str) -> dict:
    variant = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
    return sagemaker.describe_model(ModelName=variant["ModelName"])


def remove(sagemaker: Any, name: str) -> None:
    """An endpoint with its configuration and model, if it is there."""
    with contextlib.suppress(ClientError):
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        model = _model_of(sagemaker, config)["ModelName"]
        with contextlib.suppress(WaiterError):
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
        sagemaker.delete_model(ModelName=model)


def judge_answers(
    answer: Answer, report: Report, name: str, part: str, lines: list[str], wanted: list[float], known: Collection[str]
) -> bool:
    """Whether the pipeline answers these raw lines, sent in one request, as its model does to their features."""
    asked = f"Asked about {len(lines)} raw flights at once" if len(lines) > 1 else f"Asked about one raw flight, {lines[0]!r}"
    runtime = answer.client("sagemaker-runtime")
    try:
        said = runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body="\n".join(lines))["Body"].read().decode()
        got = numbers(said)
    except (ClientError, BotoCoreError) as error:
        why = error.response["Error"]["Message"] if isinstance(error, ClientError) else str(error)
        return report.part(part, False, f"{asked}, the pipeline failed: {why[:250]} {_log_ends(answer, name)}".strip())
    except ValueError:
        return report.part(part, False, f"{asked}, the pipeline answered {said[:60]!r}; expected numbers alone.")
    if not report.part(part, len(got) == len(wanted), f"{asked}, the pipeline gave {len(got)} answers: which line was lost, or added?"):
        return False
    pairs = zip(lines, got, wanted, strict=True)
    wrong = [line for line, one, other in pairs if abs(one - other) >= NEAR]
    if not wrong:
        return report.part(part, True, f"{asked}, the pipeline answers rightly.")
    said = f"{asked}, {len(wrong)} answers are not what the model says of the features, as for {wrong[0]!r}."
    return report.part(part, False, f"{said} {_why(wrong, len(lines), known)}")


def _why(wrong: list[str], count: int, known: Collection[str]) -> str:
    if all(",," in line or line.endswith(",") for line in wrong):
        return "All have gaps: what is a missing value in the training table, and what did yours become?"
    if len(wrong) < count and not any(line.split(",")[2] in known for line in wrong):
        return "All are of airlines that the transform never saw: what did training give them?"
    return "Which features, in which order, did the model learn from, and with which encoder?"


def practice_shelf(answer: Answer) -> Shelf:
    """The folder of the lesson's own multi-model endpoint. Raises `AnswerError` when there is none."""
    sagemaker, s3 = answer.client("sagemaker"), answer.client("s3")
    newest = {"StatusEquals": "InService", "SortBy": "CreationTime", "SortOrder": "Descending"}
    found = sagemaker.list_endpoints(NameContains="every-airport", **newest)["Endpoints"]
    if not found:
        raise AnswerError("No multi-model endpoint of this lesson is in service; run the cells under One endpoint for all again.")
    name = found[0]["EndpointName"]
    container = _model_of(sagemaker, sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"])["PrimaryContainer"]
    folder = container["ModelDataUrl"]
    bucket, prefix = split(folder)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix.replace("serving/", "trained/")).get("Contents", [])
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith("/model.tar.gz")][:BOTH_ARTIFACTS]
    if len(keys) < BOTH_ARTIFACTS:
        raise AnswerError("The archives of the airports' models are not there; run the cells from the beginning again.")
    archives, targets = [f"s3://{bucket}/{key}" for key in keys], [f"{key.split('/')[-2]}.tar.gz" for key in keys]
    return Shelf(answer, name, folder, tuple(archives), tuple(targets), "4,17,1,0.31,1089,75.9,8.1,0.0,10.0")
