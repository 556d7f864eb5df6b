# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # From notebook to pipeline
#
# The model that warns of late flights was trained on January to March. Each month somebody opens a notebook, trains a new one by hand, looks at its
# AUC and decides. In September the new model had the better AUC, and lost money. In November nobody looked at all. A pipeline does the same steps
# each month, compares each time, and keeps a record of what it did.
#
# **By the end you can**
#
# - write processing and training as the steps of a pipeline with parameters (exercise 10.1.1)
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
# **Cost**: \$0 here. On AWS Pipelines itself is free; the jobs and an hour of one endpoint at {fact:price-ml-m5-large-hosting} dollars cost about 50
# cents (November 2026).
#
# ## Set up

# %%
import json
import logging

import pandas as pd
from given.late_flights import numbered, raw_table
from given.parts import brought, left, run

from course import check, connect, draw_pipeline, hint, judge

logging.disable(logging.INFO)  # the SDK logs each step
aws = connect("m10_1")
sagemaker = aws.client("sagemaker")
folder = f"s3://{aws.bucket}/{aws.prefix}"
flights = raw_table(aws.data("flights"), aws.data("weather"))
body, key = numbered(flights).to_parquet(), f"{aws.prefix}/flights/flights.parquet"
aws.client("s3").put_object(Bucket=aws.bucket, Key=key, Body=body)
aws

# %% [markdown]
# `MONTH` is the month on which a new model is measured. The SDK needs a region when it is imported, so we import it after `connect`.

# %% tags=["parameters"]
MONTH = 6

# %% [markdown]
# With a `PipelineSession` the SDK warns at each call that nothing starts. That is what we want, so we switch the warning off.

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
# With a `PipelineSession`, the calls that start jobs do not start them. They return the request, and a step keeps it for later. A *parameter* stands for
# a value that each execution sets. `given/prepare.py` reads `--month` and `--window` as any script does.


# %%
def processor(image: str) -> ScriptProcessor:
    """Runs a script of this lesson in an image; it can import what a step brings to lib/."""
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
# The step brings the table of flights into the job, and leaves two folders behind.


# %%
def prepare_step() -> ProcessingStep:
    """The flights to learn from, and those of the month on which the model is measured."""
    base = "/opt/ml/processing"
    arguments = processor(aws.image("sklearn", "1.2-1")).run(
        code="given/prepare.py",
        arguments=["--month", month.to_string(), "--window", window],
        inputs=[brought("flights", f"{folder}/flights", f"{base}/flights")],
        outputs=[
            left("train", f"{base}/train", Join(on="/", values=[here, "train"])),
            left("test", f"{base}/test", Join(on="/", values=[here, "test"])),
        ],
    )
    return ProcessingStep("Prepare", step_args=arguments)


prepare = prepare_step()
data = aws.unique("late-data")
first = Pipeline(data, parameters=[month, window], steps=[prepare], sagemaker_session=session)
definition = json.loads(first.definition())
print(json.dumps(definition["Steps"][0]["Arguments"]["AppSpecification"], indent=1))

# %% [markdown]
# A pipeline is this JSON and no more. `{"Get": "Parameters.Month"}` is filled in when an execution starts, and `Std:Join` makes text of a number: the
# service takes no number where the API wants a string. Each execution has its own id, and its own folder. `upsert` creates the pipeline, or updates it:

# %%
first.upsert(role_arn=aws.role)
execution, steps = run(sagemaker, first.name, Month=MONTH, Window="all")
draw_pipeline(first.definition(), steps)
job = steps[0]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
described = sagemaker.describe_processing_job(ProcessingJobName=job)
for output in described["ProcessingOutputConfig"]["Outputs"]:
    print(output["OutputName"], output["S3Output"]["S3Uri"])

# %% [markdown]
# The step made an ordinary job, which you find in the list of jobs. The pipeline chose its name: the execution's id, the step's name and some letters.
#
# A second step must wait for the first, and read what *this* execution wrote. Both follow from one *property reference*:
# `prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri` has no value yet. It is a `Get`, and whoever uses it waits.

# %% [markdown] exercise="m10_1_ex1"
# Write `training_pipeline(name)` that creates the pipeline `name`, or updates it, and returns its ARN (`upsert` returns it). It has the parameters
# `Month` and `Window`, and `Rounds`, an integer with the default 40. Its steps:
#
# | step | type | what |
# |---|---|---|
# | `Prepare` | Processing | as above; call `prepare_step()` |
# | `Train` | Training | XGBoost, `aws.image("xgboost", "3.0-5")`, on one `ml.m5.large`, channel `train` (`text/csv`) with what `Prepare` wrote |
#
# The hyperparameters: `objective` is `binary:logistic`, `eta` 0.15, `max_depth` 5, `num_round` is `Rounds`. A `ModelTrainer` with `training_image`, `role`, `compute`,
# `hyperparameters` and the `sagemaker_session` does it. You need not start it.


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
# We train the model of January to March, which is live, and one on January to May, which was approved and never deployed. Both are training jobs of one
# pipeline, so we start it twice.

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
archives = {}
for which, measured in (("live", 4), ("approved", 6)):
    execution, steps = run(sagemaker, monthly.name, Month=measured)
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
# The registry says what somebody *meant* to serve, the endpoint what *is* served. A roll-back, a failed deployment or an approval on a Friday evening
# make them differ. A new model must beat the one that answers now.
#
# An endpoint does not name its model's archive. It names a configuration, which has *variants*; each names a model; and a model has a container with the
# archive.

# %% [markdown] exercise="m10_1_ex2"
# Write `live_archive(endpoint)` that returns a `str`: the S3 URI of the archive of the model that the endpoint serves now, or `"none"` if there is no
# endpoint of that name.
#
# - If it has several variants, it is the one with the largest *current* weight.
# - Models have one container (`PrimaryContainer`), with the archive in `ModelDataUrl`.
# - An endpoint may have been updated; old configurations may still exist.
#
# `live_archive(endpoint)` is `archives["live"]`. An error other than a missing endpoint must not become `"none"`.


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
# `{"new": {"auc": ..., "dollars": ...}, "live": {...}}`. A *dollar* is what a flight costs on average: 120 for a late flight that nobody was warned of, 25
# for a false warning. If there is no live model, the script compares with warning nobody.
#
# A *property file* is such a file that a later step may look into. `JsonGet` takes one value out of it, and a condition compares it. Our first
# try compares AUC:

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
# The condition holds, and its other branch was never started. Now look at what it did not compare:

# %%
key = f"{aws.prefix}/{execution.rpartition('/')[2]}/report/evaluation.json"
report = aws.client("s3").get_object(Bucket=aws.bucket, Key=key)
pd.DataFrame(json.loads(report["Body"].read()))

# %% [markdown]
# In September the new model sorts the flights better, and each flight costs more: it learned from a stormy summer and warns too often. What the condition
# compares is what the pipeline will improve. A model is registered with `ModelBuilder(...).register(...)`, whose result a `ModelStep` takes:


# %%
def registered(models: list[Model], group: str) -> ModelStep:
    """Step ``Register``: a package of these models in a group, which waits for approval."""
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
# Write `release_pipeline(name, group)` that creates the pipeline `name`, or updates it, and returns its ARN. Its parameters are `Month`, `Window` and `LiveModel` (as above).
#
# | step | what |
# |---|---|
# | `Prepare`, `Train`, `Evaluate` | as above |
# | `Better` | holds if the new model costs fewer dollars a flight than the live one |
# | `Register` | if it holds: the model of this execution's `Train` becomes a package in `group`, with the XGBoost image, that waits for approval |
# | `Worse` | else: the execution fails, with a message that has both numbers of dollars |
#
# It is started on months and live models that you have not seen. `registered`, `container_of` and `measured` are yours to use.


# %% answer="m10_1_ex3"
def release_pipeline(name: str, group: str) -> str:
    ### BEGIN SOLUTION
    new, old = measured("new.dollars"), measured("live.dollars")
    message = Join(on=" ", values=["The new model costs", new, "dollars a flight, the live one", old])
    gate = ConditionStep(
        "Better",
        conditions=[ConditionLessThan(left=new, right=old)],
        if_steps=[registered([container_of(image, model)], group)],
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
# A package waits until a person has looked at it. The approval is an event, and a *rule* of EventBridge sends it to whatever deploys; here to a queue. The
# triggers of a later lesson begin there.

# %%
sqs, events = aws.client("sqs"), aws.client("events")
queue = sqs.create_queue(QueueName=aws.unique("approved"))["QueueUrl"]
about = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
pattern = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker Model Package State Change"],
    "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
}
rule = aws.unique("approved")
events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": about["QueueArn"]}])
for status in ("Rejected", "Approved"):  # on second thoughts
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)
said = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10).get("Messages", [])
for message in said:
    detail = json.loads(message["Body"])["detail"]
    print(detail["ModelPackageArn"].rpartition(":")[2], detail["ModelApprovalStatus"])

# %% [markdown]
# The rejection is an event, too, and does not match the pattern. On AWS the queue also needs a policy that lets EventBridge send to it.
#
# ## Ship what the model needs
#
# A partner sends raw flights: `JFK,UA,4,17,1089,75.9,62.1,8.1,0.0,10.0,1013.2`. `given/fit.py` fits a transform on such rows: a column for each airport
# and airline. It packs the fitted transform as the scikit-learn container wants it, with the code that serves it. What was learned together must be shipped
# together: an encoder of March before a model of June sorts the airlines into wrong columns, and nothing fails.

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
# Write `raw_pipeline(name, group)` that creates the pipeline `name`, or updates it, and returns its ARN. It has one parameter, `Rows`: the S3 URI of a CSV file as above.
#
# | step | what |
# |---|---|
# | `Fit` | runs `given/fit.py` in the scikit-learn image; reads `Rows` in `input/` and lib/ in `lib/`; leaves `train/` and `transform/` in this execution's folder |
# | `Train` | XGBoost on what `Fit` left in `train/`; `train_step` makes it |
# | `Register` | a package in `group` of *two* containers, one request after the other: the transform, then the model |
#
# All folders are below `/opt/ml/processing`. The transform's container has the scikit-learn image, the archive `model.tar.gz` that `Fit` left, and the environment
# `serving`. The package is deployed, and asked about raw flights.


# %% answer="m10_1_ex4"
def raw_pipeline(name: str, group: str) -> str:
    ### BEGIN SOLUTION
    rows, base, sklearn = ParameterString("Rows"), "/opt/ml/processing", aws.image("sklearn", "1.2-1")
    arguments = processor(sklearn).run(
        code="given/fit.py",
        inputs=[brought("rows", rows, f"{base}/input"), brought("lib", f"{folder}/lib", f"{base}/lib")],
        outputs=[left(each, f"{base}/{each}", Join(on="/", values=[here, each])) for each in ("train", "transform")],
    )
    fit = ProcessingStep("Fit", step_args=arguments)
    made = fit.properties.ProcessingOutputConfig.Outputs
    train = train_step(aws, session, made["train"].S3Output.S3Uri)
    archive = Join(on="/", values=[made["transform"].S3Output.S3Uri, "model.tar.gz"])
    parts = [
        container_of(sklearn, archive, **serving),
        container_of(image, train.properties.ModelArtifacts.S3ModelArtifacts),
    ]
    pipeline = Pipeline(name, parameters=[rows], steps=[fit, train, registered(parts, group)], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]
    ### END SOLUTION


# %% check="m10_1_ex4"
check("m10_1_ex4", raw_pipeline=raw_pipeline)

# %% [markdown]
# ## In this notebook we have
#
# - made requests that wait, and steps of them, with parameters and references;
# - found which model an endpoint really serves;
# - let a condition decide by money, and seen AUC decide wrongly;
# - approved a package, and seen the event of it;
# - shipped a transform with the model that was trained behind it.
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
# - 3: it may not be deployed, or not any more. The endpoint says what serves.
# - 4: `Evaluate`, into its property file.
# - 5: model and transform may be of different data, and no error says so.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.workflow.pipeline import Pipeline
# from sagemaker.workflow.pipeline_context import PipelineSession
# from sagemaker.workflow.steps import ProcessingStep, TrainingStep
#
# train = TrainingStep("Train", step_args=estimator.fit({"train": rows}))  # Estimator, not ModelTrainer
# ```
#
# Classes and arguments have the same names below `sagemaker.workflow`. A model is registered by `ModelStep("Register", step_args=model.register(...))`.
#
# ## Clean up
#
# An endpoint still stands, and costs. The rule and the queue go, too.

# %%
events.remove_targets(Rule=rule, Ids=["queue"])
events.delete_rule(Name=rule)
sqs.delete_queue(QueueUrl=queue)
aws.cleanup()

# %% [markdown]
# ## Next
#
# You started each execution by hand. What to do when a step fails, and how to pay for no step twice, is another notebook's subject. If the endpoint
# above was new to you, read on in [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
