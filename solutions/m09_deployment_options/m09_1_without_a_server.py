# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Answers without a server that waits
#
# The model of late flights has three new users. A travel agency asks in bursts. The planners send files of questions, and read the answers later. Operations
# wants a number for each flight of tomorrow. An endpoint on an instance would mostly wait, and waiting is paid.
#
# Services, limits and prices are AWS's; what is called this course's own is ours.
#
# **By the end you can**
#
# - deploy a model serverless or on an instance, as its traffic suits (exercise 9.1.1)
# - write a client of an asynchronous endpoint that loses nothing and never waits for ever (exercise 9.1.2)
# - transform files so that each row in gives one row out (exercise 9.1.3)
# - find out why answers failed, went missing or are wrong (exercise 9.1.4)
#
# **Prerequisites**: [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb).
#
# **Time**: two hours; take a break before batch transform.
#
# **Services**: SageMaker endpoints (serverless, asynchronous), batch transform, S3, SNS, SQS, CloudWatch, Application Auto Scaling.
#
# **Cost**: \$0 here. On AWS about 40 cents (an instance costs {fact:price-ml-m5-large-hosting} dollars an hour, November 2026).
#
# ## Set up

# %%
import time
from functools import partial
from uuid import uuid4

import boto3
import numpy as np
import pandas as pd
from botocore.config import Config
from given.inbox import Inbox
from given.jobs import data_log, lines_of, repaired, store, wait
from given.schedule import COLUMNS, table
from given.watch import at_once, minutes, pause
from given.winter import trained
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show, variant
from course.exercises import bad_nights
from course.facts import fact

aws = connect("m09_1")
sagemaker, runtime, s3 = aws.client("sagemaker"), aws.client("sagemaker-runtime"), aws.client("s3")
folder, put = f"s3://{aws.bucket}/{aws.prefix}", partial(store, aws)
aws

# %% [markdown]
# The import of the SageMaker Python SDK takes some seconds:

# %%
import logging

from sagemaker.core.inference_config import AsyncInferenceConfig, ServerlessInferenceConfig
from sagemaker.core.transformer import Transformer
from sagemaker.serve import ModelBuilder

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# `ROWS` are the rows of the night's file. Below 29,000, two faults of the last exercise would not show.

# %% tags=["parameters"]
SEED = 9
FLIGHTS = 8_000
ROWS = 32_000

# %% [markdown]
# ## Serverless: containers only for requests
#
# A *serverless* endpoint has no instance. A container starts when a request comes, and goes when none has come for a while. You choose the memory of each: 1 to
# {fact:serverless-most-memory-gb} GB, with processor in proportion. You also choose the *concurrency*, how many containers may run at a time: at most
# {fact:serverless-most-concurrency}. A request has at most {fact:serverless-payload-mb} MB.
#
# In the SDK, `inference_config` says what kind of endpoint. The last lines write the same configuration with boto3.

# %%
rows = table(aws.data("flights"), aws.data("weather"))
artifact = trained(aws, rows[rows.month <= 3].sample(FLIGHTS, random_state=SEED))
image = aws.image("xgboost", "3.0-5")
own = {"image_uri": image, "role_arn": aws.role, "sagemaker_session": aws.session}
model, agency = aws.unique("late-flights"), aws.unique("agency")

builder = ModelBuilder(s3_model_data_url=artifact, **own)
builder.build(model_name=model)
size = ServerlessInferenceConfig(memory_size_in_mb=2048, max_concurrency=3)
builder.deploy(endpoint_name=agency, inference_config=size)

by_hand = aws.unique("by-hand")
live = {"VariantName": "Live", "ModelName": model}
live["ServerlessConfig"] = {"MemorySizeInMB": 2048, "MaxConcurrency": 3}
sagemaker.create_endpoint_config(EndpointConfigName=by_hand, ProductionVariants=[live])
for name in (by_hand, agency):
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    print(config["ProductionVariants"])

# %% [markdown]
# Only the names of the variants differ: the SDK's is `AllTraffic`.
#
# Make a new builder for each endpoint. In version 3.27.0 (November 2026) a second `deploy` with another kind of endpoint fails.
#
# No container runs yet. We ask twelve times, let ten minutes of the local AWS's clock pass, and ask again.

# %%
never = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
once = boto3.client("sagemaker-runtime", region_name=aws.region, config=never)
flight = "4,17,1,1089,75.9,8.1,0.0,10.0"


def ask() -> float:
    """Seconds until the answer is there."""
    began = time.perf_counter()
    once.invoke_endpoint(EndpointName=agency, ContentType="text/csv", Body=flight)["Body"].read()
    return time.perf_counter() - began


before = [ask() for _ in range(12)]
if aws.local:
    aws.local.advance(600)
after = [ask() for _ in range(8)]
figure, axes = plt.subplots(figsize=(7, 3))
axes.plot(range(12), before, "o", color="#4a6fa5", label="after the deployment")
axes.plot(range(12, 20), after, "s", color="#b04a2f", label="after ten minutes without a request")
axes.set(xlabel="request", ylabel="seconds (log)", yscale="log", title="The first one waits")
axes.set_xticks(range(0, 20, 2))
axes.legend()
show(figure, "Dots: seconds until the answer, by request; two wait much longer.")
print(f"first {before[0]:.2f} s, median {np.median(before):.3f} s, then cold {after[0]:.2f} s")

# %% [markdown]
# Two requests met a *cold start*: a container had to start and load the model first. This takes half a second or more here, mostly some
# seconds on AWS. CloudWatch counts it as `ModelSetupTime`, not in `ModelLatency`.
#
# Eight travellers ask at the same moment. The concurrency is three. The client does not retry.

# %%
burst = at_once(ask, 8, lambda error: error.response["Error"]["Code"])
figure, axes = plt.subplots(figsize=(7, 2.8))
for place, one in enumerate(sorted(burst, key=lambda one: one["end"])):
    refused = one["said"] == "ThrottlingException"
    label = "refused" if refused else "answered"
    took, color = one["end"] - one["begin"], "white" if refused else "#4a6fa5"
    axes.barh(place, took, left=one["begin"], color=color, edgecolor="black", label=label)
handles = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
axes.legend(handles.values(), handles)
axes.set(xlabel="seconds", ylabel="request", yticks=[], xlim=(0, None))
axes.set_title("A burst of eight, concurrency 3")
show(figure, "A bar for each of eight requests: when it began and ended, and if it was refused.")
print(pd.Series([one["said"] or "answered" for one in burst]).value_counts().to_string())

# %% [markdown]
# A refused request does not wait. It gets `ThrottlingException`, status 429. A container that has finished takes the next
# request, so more than three may be answered. By default boto3 retries. Then a burst looks like a slow answer.
#
# *Provisioned concurrency* keeps some containers warm, for a price by the hour.
#
# ### What it costs
#
# A serverless container costs {fact:serverless-gb-second-usd} dollars for a second and a GB of memory, *while it answers*. An `ml.m5.large` costs
# {fact:price-ml-m5-large-hosting} dollars an hour, used or not. With more memory a model is faster, but a second costs more.

# %%
GB_SECOND, INSTANCE = fact("serverless-gb-second-usd"), fact("price-ml-m5-large-hosting")
an_hour = np.arange(0, 7_001, 50)
figure, axes = plt.subplots(figsize=(7, 3))
for gigabytes, needs, style in ((1, 2.0, "-"), (2, 1.25, "--"), (4, 0.875, ":")):
    label = f"serverless, {gigabytes} GB, {needs} s"
    axes.plot(an_hour, an_hour * needs * gigabytes * GB_SECOND, style, color="#4a6fa5", label=label)
    even = INSTANCE / (needs * gigabytes * GB_SECOND)
    print(f"{gigabytes} GB: even at {even:,.0f} requests an hour")
needed = np.ceil(np.maximum(an_hour * 0.6 / 3600, 0.01))
axes.plot(an_hour, needed * INSTANCE, color="black", label="instances, 0.6 s")
axes.set(xlabel="requests an hour", ylabel="dollars an hour")
axes.set_title("Where the lines cross, they cost the same")
axes.legend()
show(figure, "Lines: dollars an hour by requests an hour, serverless and instances.")

# %% [markdown]
# Left of the *break-even*, where two lines cross, serverless is cheaper. Above 6,000 requests an hour a second instance is needed.
#
# But an instance has no cold start, and a burst waits there instead of being refused.

# %% [markdown] exercise="m09_1_ex1"
# Write `serve(artifact, hour)`. It deploys the archive at the URI `artifact` for an hour of traffic, waits until the endpoint is `InService`, and returns its
# name, a `str`. Use the SDK or boto3. On an instance, `deploy` takes `instance_type` and `initial_instance_count` instead of `inference_config`. `hour` is a
# `dict`:
#
# | member | what it is |
# |---|---|
# | `requests` | requests in the hour |
# | `at_once` | the most at the same moment: the concurrency |
# | `seconds` | a container's seconds for an answer |
# | `cold_seconds` | extra seconds of its first answer |
# | `patience` | seconds that a caller waits at most |
# | `model_mb` | memory that the model needs, an `int` |
#
# The endpoint is serverless if *all* of this holds. If not, it runs on one `ml.m5.large`.
#
# | condition | in detail |
# |---|---|
# | memory | the model fits. Take the smallest size from 1,024 to 6,144 MB, in steps of 1,024, that is not less than `model_mb` |
# | cold start | `seconds` and `cold_seconds` together are no more than `patience` |
# | price | the requests cost less than the instance. Each costs its `seconds` times `GB_SECOND` times the GB (1,024 MB) of the chosen size |
#
# A model of 1,500 MB, for example, needs 2,048 MB. Name each endpoint by `aws.unique`. Other hours and another model are graded.


# %% answer="m09_1_ex1"
def serve(artifact: str, hour: dict) -> str:
    ### BEGIN SOLUTION
    gigabytes = -(-hour["model_mb"] // 1024)
    usd = hour["requests"] * hour["seconds"] * gigabytes * GB_SECOND
    in_time = hour["seconds"] + hour["cold_seconds"] <= hour["patience"]
    if gigabytes <= 6 and in_time and usd < INSTANCE:
        size = ServerlessInferenceConfig(memory_size_in_mb=gigabytes * 1024, max_concurrency=hour["at_once"])
        kind = {"inference_config": size}
    else:
        kind = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
    name, builder = aws.unique("served"), ModelBuilder(s3_model_data_url=artifact, **own)
    builder.build(model_name=name)
    builder.deploy(endpoint_name=name, **kind)
    return name
    ### END SOLUTION


# %% check="m09_1_ex1"
check("m09_1_ex1", serve=serve)

# %% [markdown]
# ## Asynchronous: ask now, read later
#
# An *asynchronous* endpoint has instances, and a queue in front of them. A question is an object in S3 of up to {fact:async-payload-gb} GB. It waits up to
# {fact:async-queue-hours} hours for its turn, then it expires. An answer may take up to {fact:async-answer-minutes} minutes. Answers and failures become
# objects in S3. A *topic* of SNS (Simple Notification Service) tells a queue of SQS (Simple Queue Service) of them.
#
# With the SDK we ask about three flights. With boto3 we send something that the model cannot read.

# %%
inbox = Inbox(aws, aws.unique("sagemaker-answers"))
queued = AsyncInferenceConfig(
    output_path=f"{folder}/answers",
    failure_path=f"{folder}/failures",
    notification_config={"SuccessTopic": inbox.topic, "ErrorTopic": inbox.topic},
    max_concurrent_invocations_per_instance=2,
)
rented = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
planners, builder = aws.unique("planners"), ModelBuilder(s3_model_data_url=artifact, **own)
builder.build(model_name=planners)
endpoint = builder.deploy(endpoint_name=planners, inference_config=queued, **rented)
config = sagemaker.describe_endpoint_config(EndpointConfigName=planners)["AsyncInferenceConfig"]
good = put(f"{flight}\n" * 3, "question/part-0.csv")
bad = put("the flight to Boston, please", "question/letter.csv")
sent = endpoint.invoke_async(input_location=good, content_type="text/csv")
print(sent.output_location, sent.failure_location, sep="\n")
asked = {"EndpointName": planners, "ContentType": "text/csv"}
sent = runtime.invoke_endpoint_async(InputLocation=bad, **asked)
print(sent["ResponseMetadata"]["HTTPStatusCode"])
print(sent["OutputLocation"], sent["FailureLocation"], sep="\n")
for said in inbox.messages(2):
    where = said["responseParameters"]["outputLocation"].removeprefix(folder)
    print(said["invocationStatus"], where, said.get("failureReason", ""), sep="\n   ")
config

# %% [markdown]
# Both were *accepted*, status 202: they wait. Each has two locations, and one will be filled: with the answer, or with the model's error.
# Without a failure path a failure leaves no object.
#
# The last lines show boto3's `AsyncInferenceConfig`.

# %% [markdown] exercise="m09_1_ex2"
# Write `ask_all(endpoint, bodies, seconds)`. It sends each body, a text of CSV, to the asynchronous endpoint of that name. Use boto3, or the SDK's
# `Endpoint.get(endpoint)` (from `sagemaker.core.resources`). It returns a `list[dict]`, one for each body, in their order:
#
# | result | when |
# |---|---|
# | `{"state": "done", "text": ...}` | the answer is there; `text` is the answer |
# | `{"state": "failed", "text": ...}` | an object is at its failure location; `text` is what it holds |
# | `{"state": "waiting", "text": ""}` | neither is there `seconds` seconds after the call |
#
# Send all bodies before you wait for any. Return when nothing is waiting, or when the time is over. The `seconds` are for all bodies together. `put(body, key)`
# stores a body in S3 and returns its URI. Look at S3, with a `pause()` between two looks. Your function must work twice in a row, and with equal bodies. Other
# bodies and endpoints are graded.


# %% answer="m09_1_ex2"
def ask_all(endpoint: str, bodies: list[str], seconds: float) -> list[dict]:
    ### BEGIN SOLUTION
    until = time.monotonic() + seconds
    places = []
    for body in bodies:
        location = put(body, f"question/{uuid4()}.csv")
        sent = runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=location, ContentType="text/csv")
        places.append({"done": sent["OutputLocation"], "failed": sent["FailureLocation"]})
    results = [{"state": "waiting", "text": ""} for _ in bodies]
    while True:
        for number, place in enumerate(places):
            for state, uri in place.items():
                bucket, _, key = uri.removeprefix("s3://").partition("/")
                if results[number]["state"] == "waiting" and s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
                    text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
                    results[number] = {"state": state, "text": text}
        if time.monotonic() > until or all(result["state"] != "waiting" for result in results):
            return results
        pause()
    ### END SOLUTION


# %% check="m09_1_ex2"
check("m09_1_ex2", ask_all=ask_all)

# %% [markdown]
# ### To nothing, and back
#
# An asynchronous endpoint may have *no* instance while nobody asks: the queue keeps what comes. This takes two scaling policies. *Target tracking* keeps the
# waiting requests for each instance near a target number. It can remove the last instance, but not bring the first one back: without an instance there is
# nothing to divide by. So an alarm on `HasBacklogWithoutCapacity` starts another policy, which adds one.

# %%
scaling, cloudwatch = aws.client("application-autoscaling"), aws.client("cloudwatch")
target = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{planners}/variant/AllTraffic"}
target["ScalableDimension"] = "sagemaker:variant:DesiredInstanceCount"
dimension = {"Name": "EndpointName", "Value": planners}
of_endpoint = {"Namespace": "AWS/SageMaker", "Dimensions": [dimension]}
scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
backlog = {"MetricName": "ApproximateBacklogSizePerInstance", "Statistic": "Average", **of_endpoint}
tracking = {"TargetValue": 5.0, "CustomizedMetricSpecification": backlog}
tracking |= {"ScaleInCooldown": 300, "ScaleOutCooldown": 60}
policy = {"PolicyName": "backlog", "PolicyType": "TargetTrackingScaling"}
scaling.put_scaling_policy(**target, **policy, TargetTrackingScalingPolicyConfiguration=tracking)
step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
one_more = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step], "Cooldown": 120}
policy = {"PolicyName": "wake", "PolicyType": "StepScaling"}
wake = scaling.put_scaling_policy(**target, **policy, StepScalingPolicyConfiguration=one_more)
above = {"Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
above |= {"EvaluationPeriods": 1, "Statistic": "Average", "Period": 60}
above |= {"MetricName": "HasBacklogWithoutCapacity", **of_endpoint}
cloudwatch.put_metric_alarm(AlarmName=planners, AlarmActions=[wake["PolicyARN"]], **above)
cloudwatch.describe_alarms(AlarmNames=[planners])["MetricAlarms"][0]["StateValue"]

# %% [markdown]
# We let sixteen quiet minutes pass on the local clock, ask three questions, and let six more pass.


# %%
def instances() -> dict:
    [live] = sagemaker.describe_endpoint(EndpointName=planners)["ProductionVariants"]
    return {"instances": live["CurrentInstanceCount"]}


if aws.local:
    seen = minutes(aws.local, 16, instances)
    for _ in range(3):
        runtime.invoke_endpoint_async(InputLocation=good, **asked)
    seen += minutes(aws.local, 6, instances)
    figure, axes = plt.subplots(figsize=(7, 2.6))
    axes.step(range(1, 23), [one["instances"] for one in seen], where="post", color="black")
    axes.axvline(16, color="#b04a2f", linestyle="--", label="three questions")
    axes.set(xlabel="minutes", ylabel="instances", yticks=[0, 1, 2])
    axes.set_title("The last instance goes, and comes back with the questions")
    axes.legend()
    show(figure, "Steps: instances by minute; a line marks the three questions.")
    of_variant = {"ServiceNamespace": "sagemaker", "ResourceId": target["ResourceId"]}
    for activity in scaling.describe_scaling_activities(**of_variant)["ScalingActivities"][::-1]:
        by = "wake" if "policy wake" in activity["Cause"] else "backlog"
        print(activity["Description"].rstrip("."), "by", by)
else:
    print("Leave the endpoint alone for half an hour, then look at its scaling activities.")
scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
print("From now on at least one instance.")

# %% [markdown]
# The instance goes after fifteen minutes with little work; your time for an exercise counts. The three questions waited until the alarm added an
# instance. On AWS that takes some minutes. Soon it goes again: three questions are fewer than the target of five.
#
# ## Batch transform: a job, files in, files out
#
# A *batch transform* job starts an instance with the model. It sends the files in pieces, the *requests*, stores the answers, and
# ends.
#
# A row of our file is an id and the eight columns that the model takes, `COLUMNS`. These fields decide what comes out:
#
# | field | what it does |
# |---|---|
# | `SplitType` | `Line` cuts a file into rows, so it may be larger than a request; the default, `None`, sends it whole |
# | `BatchStrategy` | `MultiRecord` puts as many rows into a request as fit, `SingleRecord` one |
# | `MaxPayloadInMB` | limit of a request: {fact:transform-default-payload-mb} MB by default, {fact:transform-payload-mb} at most |
# | `InputFilter` | what the model sees of a row: a *JSONPath*, which picks columns, of at most 63 characters |
# | `JoinSource` | `Input` appends the answer to the whole row |
# | `OutputFilter` | what is stored of that: `$[0,-1]` is the first column and the last, the answer |
# | `AssembleWith` | `Line` ends each answer with a line break |
#
# `$[1:]` is all columns but the first. `$[0,3:5]` is the columns 0, 3, 4 *and* 5: a range includes its end. A path may hold one range at most.
#
# In the SDK, `Transformer` and its `transform` have these fields.

# %%
night = rows[rows.month.isin([7, 8])].sample(ROWS, random_state=SEED).reset_index(names="flight")
night["flight"] = [f"flight-{number:09d}" for number in night.flight]
file = night[["flight", *COLUMNS]]
aws.upload(file, "night/day/part-0.csv")
late_added = [f"late-added-{number}" for number in range(200)]
aws.upload(file.tail(200).assign(flight=late_added), "night/day/part-1.csv")

result = aws.unique("healthy")
transformer = Transformer(
    model_name=model,
    instance_count=1,
    instance_type="ml.m5.large",
    strategy="MultiRecord",
    max_payload=1,
    accept="text/csv",
    assemble_with="Line",
    output_path=f"{folder}/out/{result}",
    sagemaker_session=aws.session,
)
how = {"job_name": result, "content_type": "text/csv", "split_type": "Line"}
how |= {"input_filter": "$[1:]", "join_source": "Input", "output_filter": "$[0,-1]"}
transformer.transform(f"{folder}/night/day/", logs=False, **how)
by_sdk = sagemaker.describe_transform_job(TransformJobName=result)
by_sdk["TransformJobStatus"], by_sdk["DataProcessing"]

# %% [markdown]
# Now the same job with boto3.

# %%
by_hand = aws.unique("by-hand")
source = {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/night/day/"}
healthy = {
    "ModelName": model,
    "TransformInput": {
        "DataSource": {"S3DataSource": source},
        "ContentType": "text/csv",
        "SplitType": "Line",
    },
    "TransformOutput": {
        "S3OutputPath": f"{folder}/out/{by_hand}",
        "Accept": "text/csv",
        "AssembleWith": "Line",
    },
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    "BatchStrategy": "MultiRecord",
    "MaxPayloadInMB": 1,
    "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
}
sagemaker.create_transform_job(TransformJobName=by_hand, **healthy)
described = wait(aws, by_hand)
print("differ:", *[member for member in healthy if described[member] != by_sdk[member]])
lines, asked_rows = (lines_of(aws, f"{folder}/{at}") for at in (f"out/{by_hand}", "night/day/"))
answers = dict(line.split(",") for line in lines)
print(f"{len(answers):,} answers for {len(asked_rows):,} rows; the first: {lines[0]}")

# %% [markdown]
# Only the place of the answers differs. A file in gives a file out, with `.out` after its name. `Completed` says that no request failed, not that every row has
# its answer.

# %% [markdown] exercise="m09_1_ex3"
# Write `transform_request(files)`. It returns a `dict`: all of a `create_transform_job` request but its name. Each row of the files must give one row
# `id,answer` and nothing else. The members of `files`, a `dict`:
#
# | member | what it is |
# |---|---|
# | `uri` | where the files are |
# | `columns` | columns of a row, such as `["gate", "weekday", "flight", ...]` |
# | `id` | which of these is the id, such as `"flight"` |
# | `gzip` | whether the files are packed: then `CompressionType` in `TransformInput` is `Gzip` |
# | `payload_mb` | limit of a request in MB, an `int` |
# | `model` | name of the model |
# | `target` | where answers go |
#
# The rows have no header. The eight columns of `COLUMNS` keep their order, but the id and others may stand before, between or after them. The model must see
# the eight alone. One `ml.m5.large` is enough.
#
# For `columns` of `["flight", *COLUMNS]` the filters are those above.


# %% answer="m09_1_ex3"
def transform_request(files: dict) -> dict:
    ### BEGIN SOLUTION
    place = files["columns"].index
    seen = ",".join(str(place(name)) for name in COLUMNS)
    own = {"ModelName": files["model"], "MaxPayloadInMB": files["payload_mb"], "TransformOutput.S3OutputPath": files["target"]}
    own |= {"TransformInput.DataSource.S3DataSource.S3Uri": files["uri"], "DataProcessing.InputFilter": f"$[{seen}]"}
    own |= {"DataProcessing.OutputFilter": f"$[{place(files['id'])},-1]"}
    if files["gzip"]:
        own["TransformInput.CompressionType"] = "Gzip"
    return repaired(healthy, own)
    ### END SOLUTION


# %% check="m09_1_ex3"
check("m09_1_ex3", transform_request=transform_request)

# %% [markdown]
# ## Five bad nights
#
# Five nights went wrong. Four are transform jobs, one is a question to the asynchronous endpoint. `variant` chooses them. Some settings differ but do no
# harm. A row of these files is an id, a *gate* and the eight columns.
#
# | folder below `nights/` | what is in it |
# |---|---|
# | `day/` | the flights above |
# | `day-before/` | flights of the day before |
# | `export/` | the flights, below a line of column names |
# | `packed/` | the flights, packed by gzip |
# | `question/` | `part-0.csv`, five flights without id and gate |

# %%
bad_nights.store_files(aws, file)
files, results = f"{folder}/nights", f"{folder}/out/{aws.unique('nights')}"
requests = bad_nights.requests(variant("m09_1_ex4"), model, planners, files, results)
jobs, sent = {}, {}
for name, request in requests.items():
    if "InputLocation" in request:
        sent[name] = runtime.invoke_endpoint_async(**request)
    else:
        jobs[name] = aws.unique(name)
        sagemaker.create_transform_job(TransformJobName=jobs[name], **request)
described = {name: wait(aws, job) for name, job in jobs.items()}

counted = {"rows": len(answers)}
for name, job in described.items():
    counted[name] = len(lines_of(aws, job["TransformOutput"]["S3OutputPath"]))
    print(name, job["TransformJobStatus"], job.get("FailureReason", ""))
for name, accepted in sent.items():
    print(name, "accepted, status", accepted["ResponseMetadata"]["HTTPStatusCode"])
print(pd.Series(counted, name="lines"), *lines_of(aws, f"{files}/day/")[:2], sep="\n")
requests["night-1"]

# %% [markdown]
# `rows` says how many lines there should be.
#
# | what | where |
# |---|---|
# | a failed job | its *data log*, what the model said of each object: `print(*data_log(aws, jobs[night]), sep="\n")` |
# | a completed job | its lines: `lines_of(aws, uri)` of `described[night]["TransformOutput"]["S3OutputPath"]` |
# | a queued request | its failure location: `lines_of(aws, sent[night]["FailureLocation"])` |
# | what was asked | `requests[night]`, beside `healthy` |
#
# The model gave the same flights their `answers` above. Compare by id.
#
# Five of these causes occur. Their names are this course's own:
#
# | cause | what went wrong |
# |---|---|
# | `assemble` | answers of different requests share a line |
# | `columns` | the model got something that is no feature |
# | `gzip` | the request does not say that the files are packed |
# | `header` | a file begins with column names |
# | `join` | answers came without their rows |
# | `key` | the named object is not there |
# | `output` | the wrong columns were stored |
# | `payload` | a request was too large |
# | `prefix` | too many files were read: `day` is the beginning of keys, not a folder |
# | `shift` | the model got too few features, each in the place of another |
# | `type` | the content type is wrong |

# %% [markdown] exercise="m09_1_ex4"
# Make two `dict`s with the keys `"night-1"` to `"night-5"`:
#
# | part | what it is |
# |---|---|
# | `diagnoses[night]` | `{"cause": ..., "evidence": ...}`, both `str` |
# | `cause` | a word of the table |
# | `evidence` of a failure | words of the data log or the failure location that only this fault leaves |
# | `evidence` of a completed job | the id of a flight whose line is missing, wrong, or should not be there |
# | `repairs[night]` | `{path: value}`, the smallest change of the request that repairs it |
#
# Cite no times of day. A diagnosis could be `{"cause": "shift", "evidence": "flight-000000123"}`, a repair `{"TransformInput.ContentType": "text/csv"}`. A
# change that touches more than the fault loses half of its points.
#
# The check makes each request again with your change, as you can with `repaired(requests[night], repairs[night])` and `wait`. Then every row of `nights/day/` must have one line with its id and
# its answer.

# %% answer="m09_1_ex4"
diagnoses = ...  # TODO: night -> {"cause": ..., "evidence": ...}
repairs = ...  # TODO: night -> {path: value}

### BEGIN SOLUTION
uri, processing, day = "TransformInput.DataSource.S3DataSource.S3Uri", "DataProcessing", f"{folder}/nights/day/"
mends = {"columns": (f"{processing}.InputFilter", "$[2:9]"), "shift": (f"{processing}.InputFilter", "$[2:9]")}
mends |= {"output": (f"{processing}.OutputFilter", "$[0,-1]"), "join": (f"{processing}.JoinSource", "Input")}
mends |= {"header": (uri, day), "prefix": (uri, day), "gzip": (uri, day), "payload": ("TransformInput.SplitType", "Line")}
mends |= {"assemble": ("TransformOutput.AssembleWith", "Line"), "type": ("ContentType", "text/csv")}
mends |= {"key": ("InputLocation", f"{folder}/nights/question/part-0.csv")}
signs = {"float: 'flight": "columns", "can't decode": "gzip", "float: 'weekday": "header", "Too much data": "payload"}
signs |= {"Failed to download": "key", "accepted ContentType": "type"}
diagnoses, repairs = {}, {}
for name in requests:
    said = lines_of(aws, sent[name]["FailureLocation"]) if name in sent else data_log(aws, jobs[name])
    evidence = next((words for words in signs if words in "\n".join(said)), "")
    if evidence:
        cause = signs[evidence]
    else:
        came = [line.split(",") for line in lines_of(aws, described[name]["TransformOutput"]["S3OutputPath"])]
        odd = next(cells for cells in came if cells != [cells[0], answers.get(cells[0])])
        holds = {"assemble": len(odd) > 2, "join": odd[0] == odd[1], "prefix": odd[0] not in answers, "output": odd[1].isdigit()}
        cause = next((cause for cause, is_so in holds.items() if is_so), "shift")
        evidence = next(iter(answers)) if cause == "join" else odd[0]
    diagnoses[name], repairs[name] = {"cause": cause, "evidence": evidence}, dict([mends[cause]])
### END SOLUTION

# %% check="m09_1_ex4"
check("m09_1_ex4", diagnoses=diagnoses, repairs=repairs)

# %% [markdown]
# ## In this notebook we have
#
# - met cold starts, refused requests and prices of a serverless endpoint;
# - let an asynchronous endpoint answer by S3, and scaled it to nothing;
# - transformed files row by row;
# - traced wrong answers to one field of a request.
#
# ## Recall
#
# 1. A serverless endpoint gets one request an hour. How long does each take?
# 2. The concurrency is 3, and three requests are running. What happens to a fourth?
# 3. What does status 202 of an asynchronous endpoint promise?
# 4. Why does target tracking not bring an asynchronous endpoint back from no instance?
# 5. A transform job is `Completed`. What do you still check?
#
# <details><summary>Answers</summary>
#
# - 1: a cold start and the answer. The container has gone in between.
# - 2: it is refused with `ThrottlingException`, status 429.
# - 3: that the request waits. It may still fail or expire.
# - 4: it tracks waiting requests *for each instance*. An alarm on `HasBacklogWithoutCapacity` adds the first.
# - 5: that each row has one line, with its id and the right answer.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.async_inference import AsyncInferenceConfig, WaiterConfig
# from sagemaker.model import Model
# from sagemaker.predictor import Predictor
# from sagemaker.serializers import CSVSerializer
# from sagemaker.serverless import ServerlessInferenceConfig
#
# late = Model(image, artifact, aws.role, predictor_cls=Predictor)
# seldom = late.deploy(serverless_inference_config=ServerlessInferenceConfig(2048, 3))
# seldom.serializer = CSVSerializer()
# print(seldom.predict(flight))
# seldom.delete_endpoint()
#
# queue = AsyncInferenceConfig(output_path=f"{folder}/answers", failure_path=f"{folder}/failures")
# predictor = late.deploy(1, "ml.m5.large", async_inference_config=queue)
# answer = predictor.predict_async(input_path=good, initial_args={"ContentType": "text/csv"})
# print(answer.get_result(WaiterConfig(max_attempts=60, delay=1)))  # looks at output and failure path
# predictor.delete_endpoint()
#
# day, joined = f"{folder}/night/day/", {"join_source": "Input", "input_filter": "$[1:]", "output_filter": "$[0,-1]"}
# transformer = late.transformer(
#     1,
#     "ml.m5.large",
#     strategy="MultiRecord",
#     assemble_with="Line",
#     accept="text/csv",
#     max_payload=1,
#     output_path=f"{folder}/out-2",
# )
# transformer.transform(day, content_type="text/csv", split_type="Line", wait=True, **joined)
# ```
#
# ## Clean up
#
# The asynchronous endpoint still has an instance.

# %%
scaling.deregister_scalable_target(**target)
cloudwatch.delete_alarms(AlarmNames=[planners])
inbox.delete()
aws.cleanup()

# %% [markdown]
# ## Next
#
# The [next notebook](../m09_deployment_options/m09_2_shared.ipynb) puts many models on one endpoint, and chooses among all ways to serve.
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
