# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # A model that answers while you change it
#
# The model that says whether a flight will arrive late goes to work. A travel app asks it all day, and nobody in front of the app cares how the
# answer comes about: it must be right, it must be quick, and it must also come in the very minute in which you replace the model by a better one.
# In this notebook you stand behind that address.
#
# **By the end you can**
#
# - write a client that packs flights into requests and reads the answers (exercise 8.1.1)
# - read an endpoint's latency and choose how many instances it is worth (exercise 8.1.2)
# - replace the model under load without a lost request (exercise 8.1.3)
# - decide what to do about a request that failed (exercise 8.1.4)
#
# **Prerequisites**: [Start](../m00_start/), where a model is trained, deployed and asked for the first time.
#
# **Time**: 75 minutes, the first check after five.
#
# **Services**: SageMaker (endpoints), S3, CloudWatch.
#
# **Cost**: \$0 here. On AWS about \$0.30 for two hours with one instance, two during the update (at \${fact:price-ml-m5-large-hosting} an hour
# each, November 2026). Nothing used here is closed to new accounts.

# %% [markdown]
# ## Two models, one endpoint
#
# First the connection. The folder `given/` beside this notebook holds three short modules.

# %%
import json
import time

import boto3
import numpy as np
import pandas as pd
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from given.latency import answer_times, statistics
from given.load import during
from given.schedule import COLUMNS, table
from matplotlib import pyplot as plt

from course import check, connect

aws = connect("m08_1")
sagemaker = aws.client("sagemaker")
aws

# %% [markdown]
# Everything that moves the results stands here. Smaller numbers are quicker, larger ones steadier.

# %% tags=["parameters"]
SEED = 8
FLIGHTS = 8_000
ROUNDS = 20
REQUESTS = 150

# %% [markdown]
# The table has the label, eight columns and the month. `COLUMNS` holds the eight names *in the order of training*: XGBoost, reading CSV, knows a
# column by its place alone. The first model learns from the winter, the second from half a year.

# %%
rows = table(aws.data("flights"), aws.data("weather"))
winter = rows[rows.month <= 3].sample(FLIGHTS, random_state=SEED)
half_year = rows[rows.month <= 6].sample(FLIGHTS, random_state=SEED)
july = rows[rows.month == 7].sample(400, random_state=SEED)
july[COLUMNS].head(3)

# %% [markdown]
# Two training jobs, started side by side, as `start_training` returns before its job is done. Each leaves a `model.tar.gz` in S3, the *model
# artifact*.

# %%
image = aws.image("xgboost", "3.0-5")
settings = {"objective": "binary:logistic", "num_round": str(ROUNDS), "max_depth": "4", "eta": "0.3"}


def start_training(part: pd.DataFrame, key: str) -> str:
    name = aws.unique(f"late-flights-{key}")
    source = {"S3DataType": "S3Prefix", "S3Uri": aws.upload(part[["late", *COLUMNS]], f"train/{key}.csv")}
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=aws.role,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters=settings,
        InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    return name


jobs = [start_training(winter, "winter"), start_training(half_year, "half-year")]
for job in jobs:
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=job)
models = [sagemaker.describe_training_job(TrainingJobName=job)["ModelArtifacts"]["S3ModelArtifacts"] for job in jobs]
models

# %% [markdown]
# ## Deploy
#
# An *endpoint* is an address with servers behind it. Three requests make one, and keeping them apart pays off later:
#
# - the *model*: which image, which artifact, under which role;
# - the *endpoint configuration*: which models, each as a *production variant* with a name, on which kind of instance and on how many. It never
#   changes: another wish is another configuration;
# - the *endpoint*: a name that callers know, and the configuration it has now.

# %%
endpoint = aws.unique("late-flights")
sagemaker.create_model(
    ModelName=jobs[0],
    ExecutionRoleArn=aws.role,
    PrimaryContainer={"Image": image, "ModelDataUrl": models[0]},
)
variant = {"VariantName": "Live", "ModelName": jobs[0], "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName=jobs[0], ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=jobs[0])
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]

# %% [markdown]
# Version 3 of the SageMaker Python SDK says the same in its own words; it makes these three requests for you:
#
# ```python
# from sagemaker.serve import ModelBuilder
#
# builder = ModelBuilder(s3_model_data_url=models[0], image_uri=image, role_arn=aws.role, sagemaker_session=aws.session)
# builder.build(model_name="late-flights")
# endpoint = builder.deploy(endpoint_name="late-flights", instance_type="ml.m5.large", initial_instance_count=1)
# endpoint.invoke(body="4,17,1,1089,75.9,8.1,0.0,10.0", content_type="text/csv").body.read()
# ```
#
# We stay with boto3, AWS's plain library for Python: the update further below has no working form in SDK v3 as of November 2026.
#
# ## Ask
#
# One line of CSV is one flight; several lines are several flights in one request. Look closely at what comes back.

# %%
runtime = aws.client("sagemaker-runtime")


def invoke(endpoint: str, body: str) -> str:
    return runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)["Body"].read().decode()


print(repr(invoke(endpoint, "4,17,1,1089,75.9,8.1,0.0,10.0")))
print(repr(invoke(endpoint, "4,17,1,1089,75.9,8.1,0.0,10.0\n0,6,0,719,,8.1,0.0,10.0")))

# %% [markdown]
# The second flight had no temperature: an empty field is a missing value, which XGBoost can live with. The answer is text. It holds
# one number for each line of the request, with commas between them, and *no* names: number 2 belongs to line 2.
#
# Why not send everything in one request? Because the *payload*, the body of a request to a real-time endpoint, has a limit:
# {fact:realtime-payload-mb} MB. And why not one flight a request? Because each request takes its way through the network, whether it carries
# one flight or a thousand.

# %% [markdown] exercise="m08_1_ex1"
# Write two functions. `bodies(flights, limit)` returns a `list[str]`: the bodies of the requests for these flights, in their order, none longer than
# `limit` bytes, and no more of them than needed. `predict(endpoint, flights, limit)` sends them to the endpoint of that name and returns a `list[float]`, one probability a
# flight. A flight is a dictionary with the fields of `COLUMNS` in any order, perhaps with others that the model does not take; a missing value is
# `None`. With `COLUMNS`, `{"flight": 7, "hour": 17, "weekday": 4, "origin": 1, "distance": 1089, "temp": None, "wind_speed": 8.1, "precip": 0.0,
# "visib": 10.0}` becomes the line `4,17,1,1089,,8.1,0.0,10.0`. One flight always fits the limit; `flights` may be empty. You need not handle
# errors of the endpoint.


# %% answer="m08_1_ex1"
def bodies(flights: list[dict], limit: int) -> list[str]:
    ### BEGIN SOLUTION
    packed: list[str] = []
    for flight in flights:
        line = ",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS)
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed
    ### END SOLUTION


def predict(endpoint: str, flights: list[dict], limit: int) -> list[float]:
    ### BEGIN SOLUTION
    answers = [invoke(endpoint, body) for body in bodies(flights, limit)]
    return [float(number) for answer in answers for number in answer.replace(",", " ").split()]
    ### END SOLUTION


# %% check="m08_1_ex1"
check("m08_1_ex1", bodies=bodies, predict=predict)

# %% [markdown]
# ## Latency
#
# *Latency* is the time from question to answer. Three clocks measure it:
#
# - your own: everything, with the way there and back;
# - **ModelLatency**, a metric in CloudWatch, AWS's service for measurements: what the container took;
# - **OverheadLatency**, another: what SageMaker spent besides, from the arrival of the request to the departure of the answer.
#
# We send requests of one flight each, one after another, and look at our own clock; then at CloudWatch's. A metric is found by its namespace, its
# name and its *dimensions*: here the endpoint and the variant. The *99th percentile*, p99, is the latency that one request in a hundred exceeds.
# Averages hide it, and people in front of an app remember it.

# %%
lines = july[COLUMNS].to_csv(index=False, header=False).split()
invoke(endpoint, lines[0])
own = []
for line in (lines * REQUESTS)[:REQUESTS]:
    began = time.perf_counter()
    invoke(endpoint, line)
    own.append(1000 * (time.perf_counter() - began))
print(f"my clock: median {np.median(own):.1f} ms, 99th percentile {np.percentile(own, 99):.1f} ms")

cloudwatch = aws.client("cloudwatch")
clocks = {metric: statistics(cloudwatch, endpoint, "Live", metric, requests=REQUESTS) for metric in ("ModelLatency", "OverheadLatency")}
pd.DataFrame(clocks)

# %% [markdown]
# These are not milliseconds. Both metrics are in **microseconds**; forget it and you will believe that a model needs seconds. Divided by 1,000,
# they go into one picture with our own clock.

# %%
figure, axes = plt.subplots(figsize=(7, 3))
axes.hist(own, bins=40, color="#b9c4d6", label="my clock")
for name, style in (("p50", "-"), ("p99", ":")):
    axes.axvline(clocks["ModelLatency"][name] / 1000, color="black", linestyle=style, label=f"ModelLatency {name}")
axes.axvline(np.median(own), color="#b04a2f", linestyle="--", label="my clock, median")
axes.set(xlabel="latency (ms)", ylabel="requests", title="One request, two clocks", xlim=(0, None))
axes.legend()
plt.show()

# %% [markdown]
# The median of my clock lies to the right of ModelLatency's: the rest is SageMaker's overhead and the way there and back. If users say it is slow
# and ModelLatency is small, a bigger instance will not help.
#
# ## When many ask at once
#
# So far one request followed another. In an app they come when they come, and a request that finds all instances busy waits in a queue. Take a
# model that needs 0.3 s and 3 requests a second at random: on average one instance is busy 90 % of the time. `answer_times` replays such a queue.

# %%
random = np.random.default_rng(SEED)
arrivals = np.cumsum(random.exponential(1 / 3, size=1_800)).tolist()
replayed = {count: answer_times(arrivals, [0.3], count) for count in (1, 2, 3)}
pd.DataFrame({count: pd.Series(times).quantile([0.5, 0.9, 0.99]) for count, times in replayed.items()}).rename_axis("quantile")

# %% [markdown]
# Seconds by number of instances. One instance has the capacity, and still most requests wait long: chance brings them in bursts. A second one takes
# nearly all of the waiting away, a third hardly anything. Each costs the same. So the question is one of price: an instance has one, and an answer
# that comes too late has one too.

# %% [markdown] exercise="m08_1_ex2"
# Write `instances(brief)` that returns an `int` from 1 to 12: how many instances the endpoint shall have in the *next* ten minutes, so that
# instances and late answers together cost least. A brief tells of the last ten minutes:
# `{"arrivals": [0.4, 0.9, ...], "model_latency": [212000, ...], "overhead_latency": [41000, ...], "late_after_ms": 700, "instance_usd": 0.23,
# "late_usd": 0.004}`. Arrivals are seconds; the latencies are 300 requests' values as CloudWatch gives them, pair by pair; an instance costs
# `instance_usd` an hour, an answer later than `late_after_ms` costs `late_usd`. Each instance answers one request at a time. With traffic of one
# request a minute the answer is 1. You are judged by what your numbers cost on unseen traffic of the same kind. You need not change the number in between.


# %% answer="m08_1_ex2"
def instances(brief: dict) -> int:
    ### BEGIN SOLUTION
    service = [(model + overhead) / 1e6 for model, overhead in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]

    def cost(count: int) -> float:
        times = answer_times(brief["arrivals"], service, count)
        late = sum(seconds > brief["late_after_ms"] / 1000 for seconds in times)
        return count * brief["instance_usd"] / 6 + late * brief["late_usd"]

    return min(range(1, 13), key=cost)
    ### END SOLUTION


# %% check="m08_1_ex2"
check("m08_1_ex2", instances=instances)

# %% [markdown]
# ## Change the model while it answers
#
# A configuration never changes, so a new model takes a new configuration, and `update_endpoint(EndpointName=..., EndpointConfigName=...)` hands it
# to the endpoint. What happens then is a *blue/green* deployment: SageMaker starts new servers beside the old ones; the old ones go on answering;
# when the new ones are healthy, all traffic goes over to them, and only then do the old ones go. The status says `Updating`, and all that time
# the endpoint answers. When the new servers do not come up, the endpoint stays with the old configuration and `FailureReason` says why.
#
# Three things go wrong in practice. Someone deletes the endpoint and creates it anew, and for minutes there is none. Someone takes the call's return for
# the end of the update. And someone leaves the old configuration lying about until nobody knows which one is in force; worse, someone deletes it
# *before* the update is over, which AWS warns against.

# %% [markdown] exercise="m08_1_ex3"
# Write `update(endpoint, model_data)` that makes an endpoint answer with the model artifact at the S3 URI `model_data`, and returns the `str` name of
# its new endpoint configuration. When it returns, every answer must come from the new model, the old configuration must be deleted, and no request
# may have gone unanswered in between. The endpoint has one variant; its name, instance type and number of instances stay as they are, whatever they
# are. For example, `update(endpoint, models[1])` returns something like `"late-flights-3f1c2a-9b1e"`. It must work twice in a row. You need not
# delete the old model, nor handle an update that fails.


# %% answer="m08_1_ex3"
def update(endpoint: str, model_data: str) -> str:
    ### BEGIN SOLUTION
    old = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    present = sagemaker.describe_endpoint_config(EndpointConfigName=old)["ProductionVariants"][0]
    new = aws.unique("late-flights")
    sagemaker.create_model(ModelName=new, ExecutionRoleArn=aws.role, PrimaryContainer={"Image": image, "ModelDataUrl": model_data})
    sagemaker.create_endpoint_config(EndpointConfigName=new, ProductionVariants=[present | {"ModelName": new}])
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
    sagemaker.delete_endpoint_config(EndpointConfigName=old)
    return new
    ### END SOLUTION


# %% check="m08_1_ex3"
check("m08_1_ex3", update=update)

# %% [markdown]
# See it happen. The cell asks about one flight again and again in a thread while your function puts in the other model, and ten times more afterwards. One flight has one
# answer from each model, so the answer tells which model gave it.

# %%
config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
model = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]["ModelName"]
serving = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
other = models[0] if serving == models[1] else models[1]
flight = lines[0]
try:
    asked = pd.DataFrame(during(lambda: update(endpoint, other), lambda: float(invoke(endpoint, flight))))
except NotImplementedError:
    asked = pd.DataFrame(during(lambda: None, lambda: float(invoke(endpoint, flight))))
    print("Answer exercise 8.1.3 first; until then the old model goes on answering.")
print(f"{len(asked)} requests, {(asked.error != '').sum()} without an answer, {asked.answer.nunique()} different answers")

figure, axes = plt.subplots(figsize=(7, 3))
for after, marker, label in ((False, ".", "during the update"), (True, "x", "after it")):
    part = asked[asked.after == after]
    axes.plot(part.second, part.answer, marker, color="black" if after else "#4a6fa5", label=label)
axes.set(
    xlabel="seconds since the beginning", ylabel="answer: probability of late", title="One flight, asked during an update", ylim=(0, 1)
)
axes.legend()
plt.show()

# %% [markdown]
# Two levels and one step: the old model answers until the new one takes over, and after the update the old level does not come back. A short
# pause right at the step is a request that took longer, not one that was lost: a new server is slow the first time it is asked.
#
# ## When a request fails
#
# Now failures, real ones. The client below shall not repeat anything by itself: boto3 retries some errors, which is good, and hides them, which is
# bad when you want to see them. We ask for an endpoint that is not there, send a kind of content the model does not know and a line that is too
# short, and hang up too early.

# %%
once = {"retries": {"total_max_attempts": 1}}
plain = boto3.client("sagemaker-runtime", region_name=aws.region, config=Config(**once))
hasty = boto3.client("sagemaker-runtime", region_name=aws.region, config=Config(read_timeout=0.001, **once))


def failure(client, **request) -> dict:
    """The facts of a request that fails."""
    try:
        client.invoke_endpoint(**{"EndpointName": endpoint, "ContentType": "text/csv", "Body": flight} | request)
    except ClientError as error:
        said = error.response
        facts = {"code": said["Error"]["Code"], "status": said["ResponseMetadata"]["HTTPStatusCode"]}
        return facts | {"original_status": said.get("OriginalStatusCode"), "message": said["Error"]["Message"].strip()[:100]}
    except BotoCoreError as error:
        return {"code": type(error).__name__, "status": None, "original_status": None, "message": str(error)[:100]}
    return {"code": "none", "status": 200, "original_status": None, "message": "it worked"}


wrong = [{"EndpointName": "no-such-endpoint"}, {"ContentType": "image/png"}, {"Body": "4,17"}]
failures = [*(failure(plain, **request) for request in wrong), failure(hasty)]
pd.DataFrame(failures).convert_dtypes()

# %% [markdown]
# Read it by asking *who said it*. `ModelError` with status 424 is SageMaker passing on what the program in the container said: 4xx, your request is
# at fault; 5xx, the program failed; 0, it gave no answer at all. `ValidationError` is SageMaker itself: it will not even pass this on. A time-out
# has no status: nobody said anything, the caller hung up. Two more come with load: `ThrottlingException`, too many requests (with status 400,
# so the status alone does not tell), and 503, no server ready.
#
# What then? The app has only so much time left. The team's rules:
#
# - **`"fix"`**: the same request can never succeed. A client error of the model's program; a validation error about the request.
# - **`"retry"`**: it may succeed in a moment. Throttling, 500 and 503 of SageMaker, time-outs; a failed program once, on attempt 1. Wait
#   100 ms before the first retry and twice as long before each further one. A retry needs its wait and 200 ms for the answer; with less time
#   left, fall back.
# - **`"fall back"`**: answer the user without the model, by the average. Also when the caller is not allowed in, or the endpoint is gone.
# - **page**: wake a person only when no caller can mend it: access denied, endpoint gone, the program failed on a second attempt or later.
#
# A prediction changes nothing, so asking twice does no harm. With an order for a ticket, that would be another story.

# %% [markdown] exercise="m08_1_ex4"
# This is the stretch. Write `react(error)` that returns a `dict` with three keys: `"do"` (`"retry"`, `"fix"` or `"fall back"`), `"wait_ms"` (an `int`;
# 0 unless it retries) and `"page"` (a `bool`). An error is a dictionary like the rows above, with `attempt` (1 for the first try that failed) and
# `left_ms`: `{"code": "ServiceUnavailable", "status": 503, "original_status": None, "message": "...", "attempt": 2, "left_ms": 900}`. For this one the
# answer is `{"do": "retry", "wait_ms": 200, "page": False}`. An endpoint that is gone says so in its message, which ends in `not found.`; other
# validation errors are about the request. It is judged on forty unseen errors, some twins that differ in one field. You need not send anything.


# %% answer="m08_1_ex4"
def react(error: dict) -> dict:
    ### BEGIN SOLUTION
    code, original, attempt = error["code"], error["original_status"], error["attempt"]
    gone = code == "ValidationError" and error["message"].endswith("not found.")
    failed_program = code == "ModelError" and not 400 <= original < 500
    again = failed_program and attempt > 1
    if code in ("ModelError", "ValidationError") and not gone and not failed_program:
        return {"do": "fix", "wait_ms": 0, "page": False}
    page = gone or again or code == "AccessDeniedException"
    wait = 100 * 2 ** (attempt - 1)
    if page or wait + 200 > error["left_ms"]:
        return {"do": "fall back", "wait_ms": 0, "page": page}
    return {"do": "retry", "wait_ms": wait, "page": False}
    ### END SOLUTION


# %% check="m08_1_ex4"
check("m08_1_ex4", react=react)

# %% [markdown]
# Your rule, on the failures of this notebook, on a first attempt with a second left:

# %%
for facts in failures:
    try:
        print(facts["code"], facts["original_status"] or "", json.dumps(react(facts | {"attempt": 1, "left_ms": 1000})))
    except NotImplementedError:
        print(facts["code"], "waits for exercise 8.1.4")

# %% [markdown]
# ## In this notebook we have
#
# - deployed a model in three requests, and packed flights into as few requests as the limit allows;
# - told the container's latency from SageMaker's overhead and from our own clock;
# - seen why capacity on average is not enough, and paid for instances by what late answers cost;
# - replaced a model under load, and seen the step in the answers;
# - decided by the error who must act: the caller, the clock or a person.
#
# ## Recall
#
# 1. ModelLatency says 84,000. How long does the model take, and whose time is not in it?
# 2. Why does a batch of a hundred flights take far less than a hundred requests?
# 3. What may you not do while the status is `Updating`, and why?
# 4. One instance is busy 90 % of the time. Why is that too much?
# 5. Two errors have status 400. One is worth a retry, the other never. Which?
#
# <details><summary>Answers</summary>
#
# - To 1: 84 ms; SageMaker's overhead and the network are not in it.
# - To 2: The way there and back, and the overhead, are paid once a request.
# - To 3: Delete the configuration in use, or take the new model as given: the old servers still answer.
# - To 4: Requests come in bursts, and whatever comes while it is busy waits.
# - To 5: `ThrottlingException` is worth a retry; a `ValidationError` is not.
#
# </details>
#
# ## The same in SDK v2
#
# | here | SDK v2 |
# |---|---|
# | `create_model`, `create_endpoint_config`, `create_endpoint` | `predictor = Model(image_uri, model_data, role).deploy(1, "ml.m5.large")` |
# | `invoke_endpoint` | `Predictor(name, serializer=CSVSerializer()).predict(rows)` |
# | `update_endpoint` | `predictor.update_endpoint(model_name=..., initial_instance_count=1, instance_type=...)` |
# | `delete_endpoint` | `predictor.delete_endpoint()` |
#
# ## Clean up
#
# The endpoint is what costs. The call deletes it, then the configurations and models of this run.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# One model took over from another at one moment. How to give it a tenth of the traffic first, and decide from data, is the matter of the
# [next notebook on deployment](../m08_realtime/).
