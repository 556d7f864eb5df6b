# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # From notebook to pipeline
#
# The model that warns of late flights was trained on January to March. Each month somebody opens a notebook, trains a new model by hand, looks at its
# AUC and decides. In September the new model had the better AUC, but cost more money. In November nobody looked. A pipeline does the same steps
# each month, compares each time, and keeps a record of what it did.
#
# **By the end you can**
#
# - write processing and training as steps of a pipeline with parameters (exercise 10.1.1)
# - find the model that an endpoint serves (exercise 10.1.2)
# - register a new model only if it is better than the live one (exercise 10.1.3)
# - fit a transform in a step, and ship it in front of the model (exercise 10.1.4)
#
# **Prerequisites**: [training with a built-in algorithm](../m04_training/m04_1_builtin_xgboost.ipynb),
# [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb).
#
# **Time**: 75 minutes; a good place for a break is before "Let the pipeline decide".
#
# **Services**: SageMaker Pipelines, Processing, Training, Model Registry, EventBridge, SQS.
#
# **Cost**: \$0 here. On AWS, Pipelines itself is free; the jobs and an hour of one endpoint at {fact:price-ml-m5-large-hosting} dollars cost about 50
# cents (November 2026).
#
# ## Set up
#
# Three terms that we need:
#
# - A *Processing job* copies data from S3 into a container, runs a script there, and copies the script's output to S3.
# - The *model registry* keeps each version of a model as a *package* in a *group*, with its approval status.
# - A *property reference* stands for a value that is known only when a step has run, such as the S3 folder of its output.

# %%
import json
import logging

import pandas as pd
from given.late_flights import numbered, raw_table
from given.parts import processing_input, processing_output, run, start, wait

from course import check, connect, draw_pipeline, hint, judge

logging.disable(logging.WARNING)  # the SDK logs and warns at each step
aws = connect("m10_1")
sagemaker = aws.client("sagemaker")
folder = f"s3://{aws.bucket}/{aws.prefix}"
flights = raw_table(aws.data("flights"), aws.data("weather"))
body, key = numbered(flights).to_parquet(), f"{aws.prefix}/flights/flights.parquet"
aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=body)
aws

# %% [markdown]
# `MONTH` is the month on whose flights a new model is measured. The model learns from earlier flights.

# %% tags=["parameters"]
MONTH = 6

# %% [markdown]
# The SDK needs a region when it is imported, so we import it after `connect`. With a `PipelineSession`, which the next section explains, it warns at
# each call that no job starts. We want just that, so we switch the warning off.

# %%
import warnings

warnings.filterwarnings("ignore", message="Running within a PipelineSession")
from given.steps import EVALUATION, evaluate_step, train_step
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.resources import Model
from sagemaker.core.shapes import ContainerDefinition
from sagemaker.core.workflow.conditions import ConditionGreaterThan, ConditionLessThan
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData

session = PipelineSession(default_bucket=aws.bucket)

# %% [markdown]
# ## A step is a request that waits
#
# A *pipeline* is a list of *steps*; most of them are jobs. One run of a pipeline is an *execution*. With a `PipelineSession`, the calls that start jobs do not
# start them. They return the request of the job, and the step keeps it until an execution needs it. A *parameter* is a value that each execution can set.
#
# Our first step is a Processing job with the script `given/prepare.py`. It writes two tables: flights of `--month`, on which a model is measured, and
# flights to learn from. Those are of `--window`: `all` months before, or only the `last` one.


# %%
def processor(image: str) -> ScriptProcessor:
    """Runs Python scripts in an image. They can import the modules in lib/."""
    return ScriptProcessor(
        role=aws.role,
        image_uri=image,
        command=["python3"],
        instance_type="ml.m5.large",
        instance_count=1,
        env={"PYTHONPATH": "/opt/ml/processing/lib"},
        sagemaker_session=session,
    )


month = ParameterInteger("Month", default_value=MONTH)
window = ParameterString("Window", default_value="all", enum_values=["all", "last"])
here = Join(on="/", values=[folder, ExecutionVariables.PIPELINE_EXECUTION_ID])


# %% [markdown]
# An execution has its id only when it starts. `Join` makes the path then, so `here` is a folder of the execution's own. The step copies the table of flights
# into the container, and two folders of the container to S3.


# %%
def prepare_step() -> ProcessingStep:
    """The flights to learn from, and those of the month on which the model is measured."""
    base = "/opt/ml/processing"
    arguments = processor(aws.image("sklearn", "1.2-1")).run(
        code="given/prepare.py",
        arguments=["--month", month.to_string(), "--window", window],
        inputs=[processing_input("flights", f"{folder}/flights", f"{base}/flights")],
        outputs=[
            processing_output("train", f"{base}/train", Join(on="/", values=[here, "train"])),
            processing_output("test", f"{base}/test", Join(on="/", values=[here, "test"])),
        ],
    )
    return ProcessingStep("Prepare", step_args=arguments)


prepare = prepare_step()
data = aws.unique("late-data")
first = Pipeline(data, parameters=[month, window], steps=[prepare], sagemaker_session=session)
definition = json.loads(first.definition())
print(json.dumps(definition["Steps"][0]["Arguments"]["AppSpecification"], indent=1))

# %% [markdown]
# A pipeline is such JSON and nothing else. Each execution replaces `{"Get": "Parameters.Month"}` by the value of its parameter. The `Std:Join` around it
# comes from `to_string()`: it makes text of the number, because the API takes only text here. `upsert` creates the pipeline, or updates it:

# %%
first.upsert(role_arn=aws.role)
execution, steps = run(sagemaker, first.name, Month=MONTH, Window="all")
draw_pipeline(first.definition(), steps)
job = steps[0]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
print(job)
described = sagemaker.describe_processing_job(ProcessingJobName=job)
for output in described["ProcessingOutputConfig"]["Outputs"]:
    print(output["OutputName"], output["S3Output"]["S3Uri"])

# %% [markdown]
# The step started an ordinary job. Its name and its folders contain the execution's id.
#
# A second step must wait for the first, and read what *this* execution wrote. One property reference does both:
# `prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri`. In the JSON it is a `Get`, like a parameter, and the step that uses it waits for
# `Prepare`.
#
# For a training step the SDK has `ModelTrainer`, with `training_image`, `role`, `compute` (a `Compute` of `instance_type` and `instance_count`), `hyperparameters` and
# `sagemaker_session`. Its method `train` takes `input_data_config`: a list with an `InputData` for each channel (`channel_name`, `data_source`, `content_type`).

# %% [markdown] exercise="m10_1_ex1"
# Write `training_pipeline(name)` that creates the pipeline `name`, or updates it, and returns its ARN (`upsert` returns a `dict` with `PipelineArn`). The pipeline
# has the parameters `Month` and `Window`, as above, and `Rounds`, an integer with the default 40. Its steps:
#
# | step | type | what |
# |---|---|---|
# | `Prepare` | Processing | as above: call `prepare_step()` |
# | `Train` | Training | XGBoost, `aws.image("xgboost", "3.0-5")`, on one `ml.m5.large`; channel `train` (`text/csv`): the output `train` of this execution's `Prepare` |
#
# The hyperparameters: `objective` is `binary:logistic`, `eta` 0.15, `max_depth` 5, and `num_round` the parameter `Rounds`. Only the check starts the pipeline, for
# several months.


# %% answer="m10_1_ex1"
def training_pipeline(name: str) -> str:
    ### BEGIN SOLUTION
    rounds = ParameterInteger("Rounds", default_value=40)
    prepare = prepare_step()
    trainer = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"objective": "binary:logistic", "eta": 0.15, "max_depth": 5, "num_round": rounds.to_string()},
        sagemaker_session=session,
    )
    rows = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    channel = InputData(channel_name="train", data_source=rows, content_type="text/csv")
    train = TrainingStep("Train", step_args=trainer.train(input_data_config=[channel]))
    pipeline = Pipeline(name, parameters=[month, window, rounds], steps=[prepare, train], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
    ### END SOLUTION


# %% check="m10_1_ex1"
check("m10_1_ex1", training_pipeline=training_pipeline)

# %% [markdown]
# ## Better than which model?
#
# We train two models: on January to March, which is live, and on January to May, which somebody approved and nobody deployed. One pipeline trains both, in
# two executions at the same time. `train_step` is in `given/steps.py`.

# %%
prepare = prepare_step()
outputs = prepare.properties.ProcessingOutputConfig.Outputs
train = train_step(aws, session, outputs["train"].S3Output.S3Uri)
monthly = Pipeline(
    aws.unique("late-monthly"),
    parameters=[month, window],
    steps=[prepare, train],
    sagemaker_session=session,
)
monthly.upsert(role_arn=aws.role)
months = {"live": 4, "approved": 6}  # a model learns from the months before
started = {which: start(sagemaker, monthly.name, Month=each) for which, each in months.items()}
archives = {}
for which, execution in started.items():
    steps = wait(sagemaker, execution)
    job = steps[-1]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    described = sagemaker.describe_training_job(TrainingJobName=job)
    archives[which] = described["ModelArtifacts"]["S3ModelArtifacts"]

# %% [markdown]
# The first goes behind an endpoint, the second into the registry:

# %%
endpoint, group = aws.unique("late-flights"), aws.unique("late-models")
image = aws.image("xgboost", "3.0-5")
container = {"Image": image, "ModelDataUrl": archives["live"]}
sagemaker.create_model(ModelName=endpoint, ExecutionRoleArn=aws.role, PrimaryContainer=container)
variant = {"VariantName": "Live", "ModelName": endpoint, "InstanceType": "ml.m5.large"}
variant["InitialInstanceCount"] = 1
sagemaker.create_endpoint_config(EndpointConfigName=endpoint, ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
sagemaker.create_model_package_group(ModelPackageGroupName=group)
package = sagemaker.create_model_package(
    ModelPackageGroupName=group,
    ModelApprovalStatus="Approved",
    InferenceSpecification={
        "Containers": [{"Image": image, "ModelDataUrl": archives["approved"]}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    },
)["ModelPackageArn"]
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)

# %% [markdown]
# The registry says which model somebody *wanted* to serve. The endpoint says which one *is* served. They differ after a roll-back, after a failed deployment, and
# while an approved model waits for its deployment. A new model must beat the one that answers now.
#
# An endpoint does not name the archive (`model.tar.gz`) of its model. It names a configuration. The configuration has *variants*, and each names a model. The
# model has a container, and this has the archive's URI. Several variants share the requests by *weight*, and a weight can be changed at any time.

# %% [markdown] exercise="m10_1_ex2"
# Write `live_archive(endpoint)` that returns a `str`: the S3 URI of the archive of the model that the endpoint serves now, or `"none"` if there is no
# endpoint of that name.
#
# - Of several variants, the one with the largest *current* weight counts.
# - Each model has one container (`PrimaryContainer`), with the archive in `ModelDataUrl`.
# - The endpoint may have been updated, and its old configurations may still exist.
# - All other errors must be raised, and not become `"none"`: somebody may have deleted the model (SageMaker's `DeleteModel`) while the endpoint serves it.
#
# `live_archive(endpoint)` returns `archives["live"]`.


# %% answer="m10_1_ex2"
def live_archive(endpoint: str) -> str:
    ### BEGIN SOLUTION
    try:
        described = sagemaker.describe_endpoint(EndpointName=endpoint)
    except sagemaker.exceptions.ClientError as error:
        if "Could not find endpoint" in error.response["Error"]["Message"]:
            return "none"
        raise
    serving = max(described["ProductionVariants"], key=lambda variant: variant["CurrentWeight"])["VariantName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    [model] = [each["ModelName"] for each in config["ProductionVariants"] if each["VariantName"] == serving]
    return sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
    ### END SOLUTION


# %% check="m10_1_ex2"
check("m10_1_ex2", live_archive=live_archive)

# %% [markdown]
# ## Let the pipeline decide
#
# `given/evaluate.py` measures the new model and the live one on the flights of the month, and writes a JSON file:
# `{"new": {"auc": ..., "warned": ..., "dollars": ...}, "live": {...}}`. `warned` is the share of flights with a warning. `dollars` is what a flight costs on average:
# a late flight without a warning costs 120, a false warning 25. Without a live model (`none`) nobody is warned.
#
# A *property file* is a JSON file of a step that other steps can read. `JsonGet` reads one value of it. A *condition step* compares values, and runs one of two
# lists of steps. A *fail step* ends the execution as failed, with a message. Our first try compares AUC:

# %%
live = ParameterString("LiveModel", default_value="none")
tests, model = outputs["test"].S3Output.S3Uri, train.properties.ModelArtifacts.S3ModelArtifacts
evaluate = evaluate_step(aws, processor(image), tests, model, live)


def measured(path: str) -> JsonGet:
    """A value of the evaluation, such as ``new.auc``."""
    return JsonGet(step_name="Evaluate", property_file=EVALUATION, json_path=path)


better = ConditionStep(
    "Better",
    conditions=[ConditionGreaterThan(left=measured("new.auc"), right=measured("live.auc"))],
    if_steps=[],
    else_steps=[FailStep("Worse", error_message="The new model has the lower AUC.")],
)
by_auc = Pipeline(
    aws.unique("late-by-auc"),
    parameters=[month, window, live],
    steps=[prepare, train, evaluate, better],
    sagemaker_session=session,
)
by_auc.upsert(role_arn=aws.role)
execution, steps = run(sagemaker, by_auc.name, Month=9, LiveModel=archives["live"])
draw_pipeline(by_auc.definition(), steps)

# %% [markdown]
# The condition holds, so the other branch never started. Now look at what it did not compare:

# %%
key = f"{aws.prefix}/{execution.rpartition('/')[2]}/report/evaluation.json"
report = aws.client("s3").get_object(Bucket=aws.bucket, Key=key)
pd.DataFrame(json.loads(report["Body"].read()))

# %% [markdown]
# In September the new model has the better AUC, but each flight costs more: it learned from a stormy summer and warns too often. A condition must compare what
# the pipeline should improve.
#
# `ModelBuilder(...).register(...)` makes the request that registers a model, and a `ModelStep` takes it:


# %%
def register_step(models: list[Model], group: str) -> ModelStep:
    """Step ``Register``: a package of these models in a group. It waits for approval."""
    builder = ModelBuilder(model=models, role_arn=aws.role, sagemaker_session=session)
    arguments = builder.register(
        model_package_group_name=group,
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        approval_status="PendingManualApproval",
    )
    return ModelStep("Register", step_args=arguments)


def container_of(image: str, archive: object, **environment: str) -> Model:
    """A model of one container, from an archive's URI or a reference to it."""
    parts = {"image": image, "model_data_url": archive, "environment": environment or None}
    return Model(model_name=aws.unique("part"), primary_container=ContainerDefinition(**parts))


# %% [markdown] exercise="m10_1_ex3"
# Write `release_pipeline(name, group)` that creates the pipeline `name`, or updates it, and returns its ARN. The pipeline has the parameters `Month`, `Window` and
# `LiveModel`, as above. `group` exists.
#
# | step | what |
# |---|---|
# | `Prepare`, `Train`, `Evaluate` | as above |
# | `Better` | holds if a flight costs fewer dollars with the new model than with the live one |
# | `Register` | if it holds: the model of this execution's `Train`, with the XGBoost image, becomes a package in `group` that waits for approval |
# | `Worse` | if not: the execution fails, with a message that contains both numbers of dollars |
#
# You may use `register_step`, `container_of` and `measured`. Grading uses other months and other live models.


# %% answer="m10_1_ex3"
def release_pipeline(name: str, group: str) -> str:
    ### BEGIN SOLUTION
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[register_step([container_of(image, model)], group)],
        else_steps=[FailStep("Worse", error_message=message)],
    )
    pipeline = Pipeline(name, parameters=[month, window, live], steps=[prepare, train, evaluate, gate], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
    ### END SOLUTION


# %% check="m10_1_ex3"
check("m10_1_ex3", release_pipeline=release_pipeline)

# %% [markdown]
# ## Somebody approves
#
# A package waits until a person approves or rejects it. Each decision is an *event*. EventBridge compares events with the pattern of a *rule*, and sends those
# that match to the rule's target. That can be a program that deploys the model. Here it is a queue (SQS), which keeps messages until a program reads them.
# The queue's policy lets EventBridge send to it.

# %%
sqs, events = aws.client("sqs"), aws.client("events")
queue = sqs.create_queue(QueueName=aws.unique("approved"))["QueueUrl"]
about = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
allowed = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": about["QueueArn"],
}
policy = {"Version": "2012-10-17", "Statement": [allowed]}
sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
pattern = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker Model Package State Change"],
    "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
}
rule = aws.unique("approved")
events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": about["QueueArn"]}])
for status in ("Rejected", "Approved"):  # rejected first, then approved
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)
said = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10).get("Messages", [])
for message in said:
    detail = json.loads(message["Body"])["detail"]
    print(detail["ModelPackageArn"].rpartition(":")[2], detail["ModelApprovalStatus"])

# %% [markdown]
# The rejection is an event, too, but does not match the pattern. Without the queue's policy, no message would arrive, and no error would say so.
#
# ## Ship what the model needs
#
# A partner sends raw flights: `JFK,UA,4,17,1089,75.9,62.1,8.1,0.0,10.0,1013.2`. A model takes only numbers. `given/fit.py` fits a *transform* to such rows: it
# makes a column of zeros and ones for each airport and each airline in them. The script packs the fitted transform and the code that serves it into an archive, as the
# scikit-learn container needs it.
#
# Transform and model must come from the same rows. With the transform of March in front of the model of June, airlines can get into wrong columns without
# any error.

# %%
for name in ("raw.py", "serve.py"):
    aws.upload(f"given/{name}", f"lib/{name}")
from given.raw import RAW

some = flights[flights.month <= 5].sample(5_000, random_state=1)
raw_rows = aws.upload(some[["late", *RAW]], "raw-rows/train.csv", header=True)
print(some[RAW][:2].to_csv(index=False, header=False))
serving = {
    "SAGEMAKER_PROGRAM": "serve.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}

# %% [markdown] exercise="m10_1_ex4"
# Write `raw_pipeline(name, group)` that creates the pipeline `name`, or updates it, and returns its ARN. The pipeline has one parameter, `Rows`: the S3 URI of a CSV
# file such as `raw_rows`.
#
# | step | what |
# |---|---|
# | `Fit` | runs `given/fit.py` in the image `aws.image("sklearn", "1.2-1")`; inputs: `Rows` in `input/`, and `f"{folder}/lib"` in `lib/`; outputs: `train/` and `transform/`, to this execution's folder |
# | `Train` | XGBoost on the output `train/` of `Fit`; `train_step` makes it |
# | `Register` | a package in `group` of *two* containers, in the order in which a request passes them: the transform, the model |
#
# In the job all four folders are below `/opt/ml/processing`. The transform's container has the scikit-learn image, the archive `model.tar.gz` in the output
# `transform/`, and the environment `serving`. The check deploys the package, and asks it about raw flights.


# %% answer="m10_1_ex4"
def raw_pipeline(name: str, group: str) -> str:
    ### BEGIN SOLUTION
    rows, base, sklearn = ParameterString("Rows"), "/opt/ml/processing", aws.image("sklearn", "1.2-1")
    arguments = processor(sklearn).run(
        code="given/fit.py",
        inputs=[processing_input("rows", rows, f"{base}/input"), processing_input("lib", f"{folder}/lib", f"{base}/lib")],
        outputs=[processing_output(each, f"{base}/{each}", Join(on="/", values=[here, each])) for each in ("train", "transform")],
    )
    fit = ProcessingStep("Fit", step_args=arguments)
    made = fit.properties.ProcessingOutputConfig.Outputs
    train = train_step(aws, session, made["train"].S3Output.S3Uri)
    archive = Join(on="/", values=[made["transform"].S3Output.S3Uri, "model.tar.gz"])
    parts = [
        container_of(sklearn, archive, **serving),
        container_of(image, train.properties.ModelArtifacts.S3ModelArtifacts),
    ]
    pipeline = Pipeline(name, parameters=[rows], steps=[fit, train, register_step(parts, group)], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
    ### END SOLUTION


# %% check="m10_1_ex4"
check("m10_1_ex4", raw_pipeline=raw_pipeline)

# %% [markdown]
# ## In this notebook we have
#
# - made steps of a pipeline, with parameters and property references;
# - found which model an endpoint really serves;
# - let a condition compare dollars, and seen that AUC decides wrongly;
# - approved a package, and received the event;
# - shipped a transform together with its model.
#
# ## Recall
#
# 1. What does `trainer.train(...)` return with a `PipelineSession`?
# 2. How does the service know that one step waits for another?
# 3. Why is the newest approved package not the model to beat?
# 4. Which step wrote the number that your condition compares?
# 5. What goes wrong when the transform is fitted outside the pipeline?
#
# <details><summary>Answers</summary>
#
# - 1: the request; nothing is started.
# - 2: by the references in its arguments, or by `depends_on`.
# - 3: it may not be deployed, or not any more. The endpoint says what is served.
# - 4: `Evaluate`, into its property file.
# - 5: model and transform may come from different rows, and no error says so.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker import image_uris
# from sagemaker.estimator import Estimator
# from sagemaker.inputs import TrainingInput
# from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
# from sagemaker.workflow.parameters import ParameterInteger
# from sagemaker.workflow.pipeline import Pipeline
# from sagemaker.workflow.pipeline_context import PipelineSession
# from sagemaker.workflow.steps import ProcessingStep, TrainingStep
#
# base, session = "/opt/ml/processing", PipelineSession(default_bucket=aws.bucket)
# common = {"instance_type": "ml.m5.large", "instance_count": 1, "sagemaker_session": session}
# which = ParameterInteger("Month", default_value=MONTH)
# sklearn = image_uris.retrieve("sklearn", aws.region, "1.2-1")
# processor = ScriptProcessor(role=aws.role, image_uri=sklearn, command=["python3"], **common)
# parts = [ProcessingOutput(output_name=part, source=f"{base}/{part}") for part in ("train", "test")]
# arguments = processor.run(
#     code="given/prepare.py",
#     arguments=["--month", which.to_string(), "--window", "all"],
#     inputs=[ProcessingInput(source=f"{folder}/flights", destination=f"{base}/flights")],
#     outputs=parts,
# )
# prepared = ProcessingStep("Prepare", step_args=arguments)
# rows = prepared.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
# settings = {"objective": "binary:logistic", "num_round": 20}
# estimator = Estimator(image, aws.role, hyperparameters=settings, **common)  # not ModelTrainer
# trained = TrainingStep("Train", step_args=estimator.fit({"train": TrainingInput(rows, content_type="text/csv")}))
# pipeline = Pipeline(f"{data}-2", parameters=[which], steps=[prepared, trained], sagemaker_session=session)
# pipeline.upsert(role_arn=aws.role)
# execution = pipeline.start({"Month": 4})
# execution.wait(delay=2, max_attempts=100)
# ```
#
# A model is registered by `ModelStep("Register", step_args=model.register(content_types=["text/csv"], response_types=["text/csv"]))`.
#
# ## Clean up
#
# The endpoint still runs, and costs. We delete it, and the rule and the queue.

# %%
events.remove_targets(Rule=rule, Ids=["queue"])
events.delete_rule(Name=rule)
sqs.delete_queue(QueueUrl=queue)
aws.cleanup()

# %% [markdown]
# ## Next
#
# [Pipelines that go wrong](m10_2_pipelines_that_go_wrong.ipynb) is about the months in which nobody looks: results that are reused too often, executions that
# fail half way, bad data, and the question which data the model in production has seen.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
