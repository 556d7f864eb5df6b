"""m10_1: steps, parameters and references, the live model, a condition that decides, and a transform shipped with its model."""

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Exercise, Function, Report

from .m10_1_live import judge_live
from .m10_1_raw import judge_raw
from .m10_1_release import judge_release
from .m10_1_training import judge_training

ex1 = Exercise(
    id="m10_1_ex1",
    title="Two steps for any month",
    section="A step is a request that waits",
    pattern=9,
    parts={"steps": 0.5, "parameters": 0.75, "own_data": 0.75},
    evidence={"training_pipeline": Function("training_pipeline(name: str) -> str")},
    skills={"C01": ["3.3.S3", "3.3.S4"], "C02": ["3.3.3"]},
    topics=["pipe.steps"],
    seconds=60,
    hints=(
        "A `TrainingStep` takes what `trainer.train(...)` returns. The pipeline is a list of steps and a list of parameters.",
        "The reference above, which has no value yet, is used as an S3 URI would be. A hyperparameter is text for the service: a number "
        "that comes later has `to_string()`.",
        "`InputData(channel_name='train', data_source=<the reference>, content_type='text/csv')` in a list for "
        "`trainer.train(input_data_config=...)`; then `Pipeline(name, parameters=[month, window, rounds], steps=[prepare, train], "
        "sagemaker_session=session).upsert(role_arn=aws.role)['PipelineArn']`.",
    ),
)

ex2 = Exercise(
    id="m10_1_ex2",
    title="Find the model that answers",
    section="Better than which model?",
    pattern=9,
    parts={"none": 0.25, "live": 0.5, "updated": 0.75, "weights": 0.5},
    evidence={"live_archive": Function("live_archive(endpoint: str) -> str")},
    skills={"C01": ["2.2.S9"], "C02": ["3.3.6"]},
    topics=["pipe.condition"],
    seconds=60,
    hints=(
        "Three descriptions, one after the other: the endpoint, its configuration, the variant's model.",
        "`describe_endpoint` has the current weights, `describe_endpoint_config` the models of the variants. "
        "Both have the variants' names.",
        "`max(described['ProductionVariants'], key=lambda variant: variant['CurrentWeight'])['VariantName']`, and the model of that name "
        "in the configuration's `ProductionVariants`. Only the message Could not find endpoint means `'none'`.",
    ),
)

ex3 = Exercise(
    id="m10_1_ex3",
    title="Register only what is better",
    section="Let the pipeline decide",
    pattern=3,
    parts={"steps": 0.5, "decision": 2.0, "package": 1.0, "message": 0.5},
    evidence={"release_pipeline": Function("release_pipeline(name: str, group: str) -> str")},
    skills={"C01": ["2.3.S1", "3.3.S5", "3.3.S6"], "C02": ["3.3.4", "3.3.5"]},
    topics=["pipe.steps", "pipe.condition"],
    seconds=90,
    hints=(
        "It is the pipeline above with another comparison, another message, and a step for the case that it holds.",
        "`measured('new.dollars')` is a reference to the number. A message is text: `Join` makes it of words and numbers.",
        "`ConditionLessThan(left=measured('new.dollars'), right=measured('live.dollars'))`, "
        "`if_steps=[register_step([container_of(image, model)], group)]`, "
        "`else_steps=[FailStep('Worse', error_message=Join(on=' ', values=[...]))]`.",
    ),
)

ex4 = Exercise(
    id="m10_1_ex4",
    title="Stretch: ship the transform with the model",
    section="Ship what the model needs",
    pattern=9,
    parts={"steps": 0.5, "together": 0.75, "answers": 0.75},
    evidence={"raw_pipeline": Function("raw_pipeline(name: str, group: str) -> str")},
    skills={"C01": ["3.1.K6", "3.3.S4"], "C02": ["3.2.3", "3.3.3"]},
    topics=["feat.transform_steps", "pipe.steps"],
    seconds=90,
    hints=(
        "`Fit` is a Processing step like `Prepare`, with two outputs. Each is used by another step.",
        "The reference to an output is a folder. The archive in it is a `Join` of the folder and `model.tar.gz`.",
        "`register_step([container_of(sklearn, archive, **serving), container_of(image, <Train's archive>)], group)`, "
        "where the last is `train.properties.ModelArtifacts.S3ModelArtifacts`.",
    ),
)


@ex1.practice
def practice_ex1(answer: Answer, report: Report) -> None:
    report.doing("starts your pipeline twice, for two months")
    asked = [{"Month": 3, "Window": "last", "Rounds": 7}, {"Month": 5, "Window": "all"}]
    judge_training(answer, report, f"check-m10-1-{answer.token()}", asked)


@ex2.practice
def practice_ex2(answer: Answer, report: Report) -> None:
    report.doing("deploys and updates an endpoint, and asks your function which model is live")
    judge_live(answer, report, f"check-m10-1-{answer.token()}")


@ex3.practice
def practice_ex3(answer: Answer, report: Report) -> None:
    report.doing("starts your pipeline on June and on September")
    live = _live_archive(answer)
    asked = [{"Month": 6, "Window": "all", "LiveModel": "none"}, {"Month": 9, "Window": "all", "LiveModel": live}]
    judge_release(answer, report, f"check-m10-1-{answer.token()}", asked)


@ex4.practice
def practice_ex4(answer: Answer, report: Report) -> None:
    report.doing("starts your pipeline on made-up flights, and deploys what it registers")
    judge_raw(answer, report, f"check-m10-1-{answer.token()}")


def _live_archive(answer: Answer) -> str:
    """The archive of the lesson's live model, of January to March. Raises `AnswerError` when it is not there."""
    sagemaker = answer.client("sagemaker")
    newest = {"StatusEquals": "InService", "SortBy": "CreationTime", "SortOrder": "Descending"}
    found = sagemaker.list_endpoints(NameContains="late-flights", **newest)["Endpoints"]
    try:
        model = sagemaker.describe_model(ModelName=found[0]["EndpointName"])
    except (IndexError, ClientError):
        raise AnswerError("The lesson's endpoint is not there; run the cells under Better than which model? again.") from None
    return model["PrimaryContainer"]["ModelDataUrl"]
