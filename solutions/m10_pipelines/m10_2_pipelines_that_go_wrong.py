# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Pipelines that go wrong
#
# The monthly pipeline has run for half a year, and nobody watches it. In May it released last month's model and said *Succeeded*. In June it failed at four in
# the morning, after an hour of paid tuning. In July it learned from a table in which the pressure was measured in inches. In August somebody asked which data
# the model in production had seen, and nobody knew.
#
# **By the end you can**
#
# - make the cache of a pipeline reuse what is the same, and nothing else (exercise 10.2.1)
# - finish a failed execution without paying twice (exercise 10.2.2)
# - stop bad data with a check of your own (exercise 10.2.3)
# - find and mend the fault of a pipeline from its steps and logs (exercise 10.2.4)
# - say which execution, data and code made the model in production (exercise 10.2.5)
#
# **Prerequisites**: [from notebook to pipeline](m10_1_from_notebook_to_pipeline.ipynb).
#
# **Time**: 90 minutes; a good place for a break is before "Bad data looks like good data".
#
# **Services**: SageMaker Pipelines, Processing, Training, Automatic Model Tuning, Batch Transform, Lineage.
#
# **Cost**: \$0 here. On AWS, Pipelines itself is free; the jobs cost about 60 cents (November 2026).
#
# ## Set up

# %%
import hashlib
import json
import logging
import warnings
from collections.abc import Callable

import pandas as pd
from given.late_flights import table
from given.parts import log_of, run, shown, start, wait

from course import check, connect, draw_pipeline, hint, judge, variant
from course.exercises import broken_pipelines

logging.disable(logging.WARNING)  # the SDK logs and warns at each step
warnings.filterwarnings("ignore", message="Running within a PipelineSession")
aws = connect("m10_2")
sagemaker, s3 = aws.client("sagemaker"), aws.client("s3")
folder = f"s3://{aws.bucket}/{aws.prefix}"
flights = table(aws.data("flights"), aws.data("weather"))

# %% [markdown]
# `MONTH` is the month of the first model: it learns from the flights of all months before.

# %% tags=["parameters"]
MONTH = 5

# %% [markdown]
# The SDK needs a region when it is imported, so we import it after `connect`.

# %%
from given.guard import FOUND, add_step, check_step
from given.monthly import prepare_step, script_step
from given.served import archive_of, deploy
from given.tuning import tune_step
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.conditions import ConditionEquals
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import TransformStep
from sagemaker.serve.model_builder import ModelBuilder

session = PipelineSession(default_bucket=aws.bucket)

# %% [markdown]
# ## The cache compares addresses
#
# A step with a *cache configuration* first looks for an earlier run of the same step of the same pipeline. It must have had the same arguments, have succeeded,
# and not be older than `ExpireAfter`. If there is one, the step takes its result, and starts no job. `given/monthly.py` has a pipeline of two such steps: `Prepare`, and
# `Train`, which runs a script of ours, `given/code/train.py`. We run it twice.

# %%
aws.upload(flights, "flights/flights.parquet")
month = ParameterInteger("Month", default_value=MONTH)


def monthly(name: str) -> Pipeline:
    """Build the pipeline, and create or update it."""
    prepare = prepare_step(aws, session, f"{folder}/flights", month)
    rows = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    steps = [prepare, script_step(aws, session, rows)]
    pipeline = Pipeline(name, parameters=[month], steps=steps, sagemaker_session=session)
    pipeline.upsert(role_arn=aws.role)
    return pipeline


name = aws.unique("late-monthly")
monthly(name)
original, steps = run(sagemaker, name)
execution, steps = run(sagemaker, name)
shown(steps)

# %% [markdown]
# The second execution took seconds, and names the execution whose results it uses. On AWS you pay for no job of it.
#
# Now the table gets a correction: all flights of April were late. It replaces the old table *under the same address*. We run the pipeline again:

# %%
corrected = flights.assign(late=flights.late.where(flights.month != 4, 1))
aws.upload(corrected, "flights/flights.parquet")
execution, steps = run(sagemaker, name)
shown(steps)

# %% [markdown]
# *Succeeded*, with the model of the old table. The cache compares the arguments of a step, such as the *address* of the table. It does not open the table. (Of a
# Processing step it compares image, arguments, environment and inputs; of a Training step also the hyperparameters. Outputs, instances, role and names are not
# compared.)
#
# The opposite happens, too, when we build the pipeline again from the same code:

# %%
definition = monthly(name).definition()
execution, steps = run(sagemaker, name)
channels = json.loads(definition)["Steps"][1]["Arguments"]["InputDataConfig"]
print(channels[1]["ChannelName"], channels[1]["DataSource"]["S3DataSource"]["S3Uri"])
shown(steps)

# %% [markdown]
# `Train` ran again, and nothing had changed. Each time version 3 of the SDK builds the step, it uploads the script to a new folder with the time in its
# name. It does the same with the program that starts the script (channel `sm_drivers`). A pipeline that is built anew each night never finds a result in the cache. (The
# script of a Processing step is in a folder that its content names, so `Prepare` was reused.)
#
# Both faults have one cause: the address does not say what is there. An address with a *hash* of the content does: it changes when the content does.

# %% [markdown] exercise="m10_2_ex1"
# Write `pin(definition)` that takes the definition of a pipeline (`str`, JSON), and returns it with other addresses. It replaces the `S3Uri` of each input of
# a Processing step (`ProcessingInputs`, in `S3Input`) and of each channel of a Training step (`InputDataConfig`, in `DataSource.S3DataSource`). The new value is
# the address of a copy, in `aws.bucket` below `f"{aws.prefix}/pinned/"`.
#
# - An address is that of one object, or of a folder, without a `/` at its end: then all objects below `address/` count. Each object keeps its name within its
#   folder.
# - The new address depends on names and contents only. The `ETag` of an object, from `list_objects_v2`, is made from its content.
# - An address that is a reference (`{"Get": ...}` or a function) stays. Change nothing else, and leave the old objects. `Steps` holds all steps.


# %% answer="m10_2_ex1"
def pin(definition: str) -> str:
    ### BEGIN SOLUTION
    pipeline = json.loads(definition)
    for step in pipeline["Steps"]:
        arguments = step.get("Arguments", {})
        sources = [each["S3Input"] for each in arguments.get("ProcessingInputs", [])]
        sources += [each["DataSource"]["S3DataSource"] for each in arguments.get("InputDataConfig", [])]
        for source in sources:
            if isinstance(source["S3Uri"], str):
                source["S3Uri"] = pinned(source["S3Uri"])
    return json.dumps(pipeline)


def pinned(address: str) -> str:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    listed = {each["Key"]: each["ETag"] for page in pages for each in page.get("Contents", [])}
    folder = key.rpartition("/")[0] if key in listed else key
    names = {each: each.removeprefix(f"{folder}/") for each in listed if each == key or each.startswith(f"{key}/")}
    content = sorted((names[each], listed[each]) for each in names)
    place = f"{aws.prefix}/pinned/{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
    for each, name in names.items():
        s3.copy_object(CopySource={"Bucket": bucket, "Key": each}, Bucket=aws.bucket, Key=f"{place}/{name}")
    return f"s3://{aws.bucket}/{place}"
    ### END SOLUTION


# %% check="m10_2_ex1"
check("m10_2_ex1", pin=pin)

# %% [markdown]
# ## Go on where it broke
#
# Another pipeline tunes a model, and scores the flights of a month with it. A *tuning step* runs a tuning job. `get_top_model_s3_uri(0, ...)` refers to the
# archive of its best model. A *model step* makes a model of it, and a *transform step* sends rows through the model. The last step has a fault.

# %%
learn = flights[flights.month < 5].drop(columns="month").sample(3_000, random_state=1)
may = flights[flights.month == 5].drop(columns="month").sample(1_000, random_state=1)
rows, _ = aws.upload(learn, "tuning/train.csv"), aws.upload(may, "scoring/may.csv")
image, large, models = aws.image("xgboost", "3.0-5"), "ml.m5.large", f"{aws.prefix}/tuned"


def scoring(name: str, **settings: str) -> None:
    """Tune, make a model of the best, and score the flights of a month with it."""
    scored, own = ParameterString("Scored", f"{folder}/scoring"), {"sagemaker_session": session}
    tune = tune_step(aws, session, rows, models)
    archive = tune.get_top_model_s3_uri(0, aws.bucket, models)
    best = ModelBuilder(s3_model_data_url=archive, image_uri=image, role_arn=aws.role, **own)
    model = ModelStep("Best", step_args=best.build())
    where = {"output_path": f"{folder}/scores", **own}
    transformer = Transformer(model.properties.ModelName, 1, large, **where)
    request = transformer.transform(scored, content_type="text/csv", split_type="Line", **settings)
    steps = [tune, model, TransformStep("Score", step_args=request)]
    Pipeline(name, parameters=[scored], steps=steps, **own).upsert(role_arn=aws.role)


tuned = aws.unique("late-tuned")
scoring(tuned)
failed, steps = run(sagemaker, tuned)
draw_pipeline(sagemaker.describe_pipeline(PipelineName=tuned)["PipelineDefinition"], steps)
shown(steps)

# %% [markdown]
# The rows still have their first column, the label, and the model was not trained with it. The tuning is paid, and good. There are three ways on:
#
# | way | which definition | what runs again | when |
# |---|---|---|---|
# | a *retry policy* of a step | that of the execution | the step, after a pause | no instance was free, or AWS had a fault |
# | `retry_pipeline_execution` | that of the execution | the failed steps, and those after them | the fault was outside, and is over: no instance, a missing file |
# | a new execution with *selected steps* | the newest | the selected steps | the definition was wrong |
#
# Our tuning step has a retry policy, which does not help here. We try the second way, and see the same failure again. For the third we mend the definition: the
# transform job leaves the first column out. The new execution runs `Score` only, and takes all that `Score` refers to from the *source execution*.

# %%
sagemaker.retry_pipeline_execution(PipelineExecutionArn=failed)
print([(step["StepName"], step["StepStatus"]) for step in wait(sagemaker, failed)])
scoring(tuned, input_filter="$[1:]")
selected = {"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": "Score"}]}
started = sagemaker.start_pipeline_execution(PipelineName=tuned, SelectiveExecutionConfig=selected)
shown(wait(sagemaker, started["PipelineExecutionArn"]))

# %% [markdown]
# The tuning was not paid again. `Score` refers to `Best` only, so `Tune` was not needed.
#
# Selected steps may be side by side. `SelectedSteps` also names all steps between two of them. An execution with selected steps does *not* take over the parameters
# of its source: what you do not give has the default.

# %% [markdown] exercise="m10_2_ex2"
# Write `finish(failed)`. It starts an execution that finishes the one with the ARN `failed`, with the newest definition of its pipeline. It returns the new
# ARN.
#
# - Steps that succeeded in the failed execution do not run again.
# - All other steps of the newest definition run, if its conditions say so. If the failed execution had selected steps (`SelectiveExecutionConfig`), only those
#   may run.
# - The parameters have the values of the failed execution.
#
# These operations help: `describe_pipeline_execution`, `list_pipeline_execution_steps` (it returns pages), `list_pipeline_parameters_for_execution` and
# `describe_pipeline` (with `PipelineDefinition`). A Condition step has its steps in `IfSteps` and `ElseSteps` of its `Arguments`. If it succeeded, select only
# steps of the branch that it took: the `Outcome` in its `Metadata` is `"True"` or `"False"`. Branches may have conditions, too.


# %% answer="m10_2_ex2"
def finish(failed: str) -> str:
    ### BEGIN SOLUTION
    asked = sagemaker.describe_pipeline_execution(PipelineExecutionArn=failed)
    pages = sagemaker.get_paginator("list_pipeline_execution_steps").paginate(PipelineExecutionArn=failed)
    steps = [step for page in pages for step in page["PipelineExecutionSteps"]]
    done = {step["StepName"]: step["Metadata"] for step in steps if step["StepStatus"] == "Succeeded"}
    newest = sagemaker.describe_pipeline(PipelineName=asked["PipelineArn"])["PipelineDefinition"]
    names = left(json.loads(newest)["Steps"], done)
    if "SelectiveExecutionConfig" in asked:
        selected = [step["StepName"] for step in asked["SelectiveExecutionConfig"]["SelectedSteps"]]
        names = [name for name in names if name in selected]
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=failed, MaxResults=100)
    return sagemaker.start_pipeline_execution(
        PipelineName=asked["PipelineArn"],
        PipelineParameters=given["PipelineParameters"],
        SelectiveExecutionConfig={"SourcePipelineExecutionArn": failed, "SelectedSteps": [{"StepName": name} for name in names]},
    )["PipelineExecutionArn"]


def left(steps: list, done: dict) -> list:
    names = [step["Name"] for step in steps if step["Name"] not in done]
    for step in steps:
        outcome = done.get(step["Name"], {}).get("Condition", {}).get("Outcome")
        for branch, needed in (("IfSteps", "True"), ("ElseSteps", "False")):
            names += left(step["Arguments"].get(branch, []), done) if outcome in (None, needed) else []
    return names
    ### END SOLUTION


# %% check="m10_2_ex2"
check("m10_2_ex2", finish=finish)

# %% [markdown]
# ## Bad data looks like good data
#
# A table with pressure in inches of mercury trains a model without any error. Only a check that knows sound flights can stop it: a *guard*. It is a Processing step
# that writes what it found into a property file, and a condition step that goes on only if it found nothing.
#
# What a sound table has:
#
# | column | what |
# |---|---|
# | `late` | 1 if the flight arrived more than 15 minutes late, else 0; 13 to 33 % in a month |
# | `origin`, `carrier` | numbers of the three airports and of the sixteen airlines, from 0 |
# | `weekday`, `hour`, `distance` | 0 for Monday; the hour of departure; miles |
# | `temp`, `humid`, `wind_speed`, `precip`, `visib`, `pressure` | °F, %, miles an hour, inches, miles, hectopascal |
#
# A sound table has faults of its own: up to a fifth of the pressures are missing, some flights look exactly like another one, and one wind speed is 1,048 miles an
# hour. A guard that stops all of that stops every month, and somebody switches it off.

# %%
known = flights.drop(columns="month").sample(6_000, random_state=3)
known_folder = aws.upload(known, "known/known.parquet").rpartition("/")[0]
june = flights[flights.month == 6].drop(columns="month").sample(6_000, random_state=4)
inches = june.assign(pressure=june.pressure * 0.02953)
addresses = {}
for kind, frame in {"sound": june, "inches": inches}.items():
    addresses[kind] = aws.upload(frame, f"months/{kind}/flights.parquet").rpartition("/")[0]
pressures = {"known": known.pressure, "june": june.pressure, "inches": inches.pressure}
pd.DataFrame(pressures).describe().round(1)

# %% [markdown]
# `check_step` makes a Processing step that runs a function of ours on the table, and writes `{"count": ..., "faults": ...}`: the number of faults, and their text.
# The property file `FOUND` is that JSON. A first try of a guard looks at one column:


# %%
def pressure_only(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    share = flights.pressure.between(950, 1050).mean()
    return [] if share > 0.7 else [f"pressure: only {share:.0%} are possible"]


table_folder = ParameterString("Flights")


def guarded(name: str, guard: Callable) -> str:
    """Create or update a pipeline that adds a table to the others if the guard finds no fault."""
    checked = check_step(aws, session, guard, table_folder, known_folder)
    count, text = (JsonGet("Check", FOUND, path) for path in ("count", "faults"))
    add = add_step(aws, session, table_folder)
    stop = FailStep("Stop", error_message=Join(on=" ", values=["Faults:", text]))
    none = [ConditionEquals(count, 0)]
    sound = ConditionStep("Sound", conditions=none, if_steps=[add], else_steps=[stop])
    pipeline = Pipeline(name, [table_folder], steps=[checked, sound], sagemaker_session=session)
    return pipeline.upsert(role_arn=aws.role)["PipelineArn"]


guard = aws.unique("late-guarded")
guarded(guard, pressure_only)
for kind, address in addresses.items():
    execution, steps = run(sagemaker, guard, Flights=address)
    print(kind, [(step["StepName"], step.get("FailureReason", "")) for step in steps])

# %% [markdown] exercise="m10_2_ex3"
# June was added, and the table in inches stopped. But this guard lets any other fault pass.
#
# Write `faults(flights, known)` that returns a list of the faults (`str`) of a month's table: an empty list if it is sound. `known` is a sample of 6,000 sound
# flights of the whole year, with the same columns. The function may use `pd` and what it imports itself, no other name from outside. Then put it into the
# pipeline: `guard_arn = guarded(guard, faults)`.
#
# It is judged on unseen tables of 6,000 flights in any order: the share that it stops of the faulty ones, less that of the sound ones. A fault touches at least
# a tenth of the rows, such as those of one airport.
#
# | about | faults |
# |---|---|
# | table | few or repeated rows; no flights of an airport, a large airline or a weekday; missing, renamed, added or exchanged columns; columns of text |
# | values | another unit; other numbers for airlines, airports or weekdays; stand-ins for missing values, such as -999; labels that cannot be |
# | weather | a sensor is stuck at one value, or its values are missing |


# %% answer="m10_2_ex3"
def faults(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    ### BEGIN SOLUTION
    if not set(flights) == set(known) == set(flights.select_dtypes("number")):
        return ["a column is missing, new, or text"]
    found = ["rows are missing"] if len(flights) < 5_000 else []
    found += ["rows are repeated"] if flights.duplicated().mean() > 0.05 else []
    for name, sound in known.items():
        values = flights[name]
        low, high = sound.quantile([0.001, 0.999])
        margin = (high - low) / 20  # some months are colder or hotter
        near = values.between(low - margin, high + margin)
        possible = near if sound.dtype == float else values.isin(sound)
        shares, usual = (each.value_counts(normalize=True) for each in (values, sound))
        most = 0.07 if name in ("origin", "carrier", "weekday") else 0.2
        signs = {
            "values are missing": values.isna().mean() > sound.isna().mean() + 0.15,
            "values that cannot be": (values.notna() & ~possible).mean() > 0.05,
            "other shares": len(shares) == 1 or (shares.sub(usual, fill_value=0).abs() > most).any(),
        }
        found += [f"{name}: {sign}" for sign, there in signs.items() if there]
    return found
    ### END SOLUTION


guard_arn = ...  # TODO: guarded(guard, faults)

### BEGIN SOLUTION
guard_arn = guarded(guard, faults)
### END SOLUTION

# %% check="m10_2_ex3"
check("m10_2_ex3", faults=faults, guard_arn=guard_arn)

# %% [markdown]
# ## Three broken pipelines
#
# Three colleagues wrote three pipelines, of the same steps: `Prepare`, `Train`, `Evaluate`, and the condition `Good`, which leads to the fail step `Bad` if the
# model is no better than chance. Each has one fault of its own, and all three fail. The *metadata* of a step names its job, and the log of the job says what
# went wrong. If there is no job, the step's failure reason says it all. `log_of` in `given/parts.py` returns both:

# %%
aws.upload(flights.sample(30_000, random_state=5), "year/flights.csv", header=True)
for script in ("prepare", "evaluate"):
    aws.upload(f"given/broken/{script}.py", f"code/{script}.py")
images = {"sklearn": aws.image("sklearn", "1.2-1"), "xgboost": image}
definitions = broken_pipelines.definitions(variant("m10_2_ex4"), images, aws.role, folder)
executions = {}
for each, definition in definitions.items():
    pipeline = aws.unique(each)
    request = {"PipelineName": pipeline, "PipelineDefinition": json.dumps(definition)}
    sagemaker.create_pipeline(RoleArn=aws.role, **request)
    executions[each] = start(sagemaker, pipeline)
broken = {each: wait(sagemaker, execution) for each, execution in executions.items()}
for each, steps in broken.items():
    print(each, [(step["StepName"], step["StepStatus"]) for step in steps])
step = next(step for step in broken["pipeline-1"] if step["StepStatus"] == "Failed")
print(*(line[:150] for line in log_of(aws, step)), sep="\n")

# %% [markdown]
# A step that fails is not always the step with the fault: `Evaluate` may miss what `Train` should have written. `definitions` has the three definitions, and the
# scripts are in `given/broken`. A change of a definition is a path and a new value, as in the [lesson on failed jobs](../m04_training/m04_2_failed_jobs.ipynb). The
# elements of a list have their own names in a path, and a number, from 0, only if they have no name: `Steps.Train.Arguments.InputDataConfig.train.ContentType`,
# `Steps.Good.Arguments.Conditions.0`. `broken_pipelines.repaired(definition, {path: value})` returns the changed definition.

# %% [markdown] exercise="m10_2_ex4"
# Make two `dict`s with the keys `"pipeline-1"` to `"pipeline-3"`.
#
# - `diagnoses[pipeline]` is `{"step": ..., "line": ...}`. The step is the one that failed, even if the fault is in another. The line is words copied from one line
#   of its failure reason or log that say what was wrong. No other of the three executions may have these words. Leave out what changes with every run.
# - `repairs[pipeline]` is `{path: value}`: the smallest change of the definition that mends it.
#
# The check runs each pipeline again, with your change: it must succeed, and do the same work as the others.


# %% answer="m10_2_ex4"
diagnoses = ...  # TODO: pipeline -> {"step": ..., "line": ...}
repairs = ...  # TODO: pipeline -> {path: value}

### BEGIN SOLUTION
IN_TRAIN, IN_GOOD = "Steps.Train.Arguments", "Steps.Good.Arguments.Conditions.0"
SIGNS = {
    "invalid choice": {"Parameters.Window.DefaultValue": "all"},
    "is not 'LIBSVM' format": {f"{IN_TRAIN}.InputDataConfig.train.ContentType": "text/csv"},
    "processing/model/model.tar.gz": {"Steps.Evaluate.Arguments.ProcessingInputs.model.S3Input.LocalPath": "/opt/ml/processing/model"},
    "account-level service limit": {f"{IN_TRAIN}.ResourceConfig.InstanceCount": 1},
    "Sample larger than population": {"Parameters.Month.DefaultValue": "6"},
    "no better than chance": {f"{IN_GOOD}.Type": "GreaterThanOrEqualTo"},
    "No S3 objects found": {"Steps.Prepare.Arguments.ProcessingOutputConfig.Outputs.test.S3Output.LocalPath": "/opt/ml/processing/test"},
    "'new.AUC' was not found": {f"{IN_GOOD}.LeftValue.Std:JsonGet.Path": "new.auc"},
    "report/report.json": {"Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "evaluation.json"},
    "Could not assume role": {f"{IN_TRAIN}.RoleArn": aws.role},
    "prepare_flights.py": {"Steps.Prepare.Arguments.AppSpecification.ContainerEntrypoint.1": "/opt/ml/processing/code/prepare.py"},
}
diagnoses, repairs = {}, {}
for each, steps in broken.items():
    step = next(step for step in steps if step["StepStatus"] == "Failed")
    sign = next(sign for sign in SIGNS if sign in "\n".join(log_of(aws, step)))
    diagnoses[each], repairs[each] = {"step": step["StepName"], "line": sign}, SIGNS[sign]
### END SOLUTION

# %% check="m10_2_ex4"
check("m10_2_ex4", diagnoses=diagnoses, repairs=repairs)

# %% [markdown]
# ## Which execution made this model?
#
# SageMaker records the *lineage* of what jobs make: *artifacts* (data, scripts, models, images), *trial components* (the jobs) and *contexts* (endpoints, groups of
# packages), and which was made from which. `query_lineage` follows these associations from any of them. `Ascendants` are all that it was made from.
#
# We deploy the model of the first execution, and ask what its endpoint was made from:

# %%
endpoint = deploy(aws, archive_of(sagemaker, original))
arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
[context] = sagemaker.list_contexts(SourceUri=arn, ContextType="Endpoint")["ContextSummaries"]
start_at = {"StartArns": [context["ContextArn"]], "Direction": "Ascendants"}
found = sagemaker.query_lineage(**start_at, IncludeEdges=False)["Vertices"]
for vertex in found:
    print(vertex["LineageType"], vertex.get("Type", ""), vertex["Arn"].rpartition(":")[2])

# %% [markdown] exercise="m10_2_ex5"
# The trial components are the jobs: `describe_trial_component` has the ARN of the job as its `Source`. SageMaker gives each job of a pipeline the tag
# `sagemaker:pipeline-execution-arn`. An execution that took a job's result from the cache has the same model, but did not make it.
#
# Write `origin(endpoint)` that returns a `dict` about the model that the endpoint serves now:
#
# - `"execution"`: the ARN of the execution whose training job made it
# - `"data"`: the address (`S3Uri`) of the input `flights` of the Processing job that wrote the rows for it
# - `"code"`: the address of the input `code` of that Processing job
#
# Endpoints have one variant. Some were updated: their context may also lead to earlier models. `list_artifacts(SourceUri=...)` finds the artifact of an
# archive.


# %% answer="m10_2_ex5"
def origin(endpoint: str) -> dict:
    ### BEGIN SOLUTION
    config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    archive = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]["ModelDataUrl"]
    [artifact] = sagemaker.list_artifacts(SourceUri=archive)["ArtifactSummaries"]
    found = sagemaker.query_lineage(
        StartArns=[artifact["ArtifactArn"]],
        Direction="Ascendants",
        IncludeEdges=False,
        Filters={"LineageTypes": ["TrialComponent"]},
    )["Vertices"]
    names = [vertex["Arn"].rpartition("/")[2] for vertex in found]
    jobs = [sagemaker.describe_trial_component(TrialComponentName=each)["Source"]["SourceArn"] for each in names]
    [training] = [job for job in jobs if ":training-job/" in job]
    [processing] = [job for job in jobs if ":processing-job/" in job]
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=training)["Tags"]}
    described = sagemaker.describe_processing_job(ProcessingJobName=processing.rpartition("/")[2])
    inputs = {each["InputName"]: each["S3Input"]["S3Uri"] for each in described["ProcessingInputs"]}
    return {"execution": tags["sagemaker:pipeline-execution-arn"], "data": inputs["flights"], "code": inputs["code"]}
    ### END SOLUTION


# %% check="m10_2_ex5"
check("m10_2_ex5", origin=origin)

# %% [markdown]
# ## In this notebook we have
#
# - given the cache addresses that say what is there;
# - finished an execution without paying twice;
# - stopped bad data by a guard that lets sound months pass;
# - mended three pipelines with a change each;
# - followed a model back to its execution, data and code.
#
# ## Recall
#
# 1. The table has changed, and `Prepare` took its result from the cache. Why?
# 2. When does `retry_pipeline_execution` help, and when does it not?
# 3. Which parameters does an execution with selected steps have?
# 4. Why must a guard let some wrong values pass?
# 5. Two executions have the same model. How can that be, and which one made it?
#
# <details><summary>Answers</summary>
#
# - 1: the cache compares addresses, not contents.
# - 2: it runs the same definition again, so it helps if the fault was outside.
# - 3: those that you give; all others have the default of the definition.
# - 4: sound tables have some, too.
# - 5: one took the result of `Train` from the cache. The job's tag names the one that made it.
#
# </details>
#
# ## Clean up

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# [Many models, one server](../m09_deployment_options/m09_2_shared.ipynb) puts many models behind one
# endpoint.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
