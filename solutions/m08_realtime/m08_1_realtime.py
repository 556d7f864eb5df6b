# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # A model that answers while you change it
#
# The model that says whether a flight will arrive late goes to work: a travel app asks it all day. The answer must be right and quick, and come even in the
# minute in which you replace the model by a better one.
#
# **By the end you can**
#
# - write a client that packs flights into requests (exercise 8.1.1)
# - choose how many instances it is worth (exercise 8.1.2)
# - replace the model under load without a lost request (exercise 8.1.3)
# - react to a request that failed (exercise 8.1.4)
#
# **Prerequisites**: [the start](../m00_start/m00_start.ipynb).
#
# **Time**: 75 minutes.
#
# **Services**: SageMaker endpoints, S3, CloudWatch.
#
# **Cost**: \$0 here. On AWS about 30 cents for two hours of an instance (at {fact:price-ml-m5-large-hosting} dollars an hour, November 2026). Nothing is closed
# to new accounts.

# %% [markdown]
# ## Two models, one endpoint
#
# First the connection, and four short modules of the folder `given/`.

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
from given.training import start_training
from matplotlib import pyplot as plt

from course import check, connect, hint, judge, show

aws = connect("m08_1")
sagemaker = aws.client("sagemaker")
aws

# %% [markdown]
# Smaller numbers are quicker, larger ones steadier.

# %% tags=["parameters"]
SEED = 8
FLIGHTS = 8_000
ROUNDS = 20
REQUESTS = 150

# %% [markdown]
# The table has the label, eight columns and the month. `COLUMNS` holds their names *in the order of training*: XGBoost, the library of the model, knows a
# column of CSV by its place alone. One model learns from the winter, one from half a year.

# %%
rows = table(aws.data("flights"), aws.data("weather"))
winter = rows[rows.month <= 3].sample(FLIGHTS, random_state=SEED)
half_year = rows[rows.month <= 6].sample(FLIGHTS, random_state=SEED)
july = rows[rows.month == 7].sample(400, random_state=SEED)
july[COLUMNS].head(3)

# %% [markdown]
# Two training jobs start side by side; `given/training.py` has the request. Each leaves a `model.tar.gz` in S3, the *model artifact*. A *waiter*
# waits for a job's end.

# %%
image = aws.image("xgboost", "3.0-5")
parts = {"winter": winter, "half-year": half_year}
columns = ["late", *COLUMNS]
jobs = [start_training(aws, image, ROUNDS, parts[key][columns], key) for key in parts]
for job in jobs:
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=job)
ended = [sagemaker.describe_training_job(TrainingJobName=job) for job in jobs]
models = [job["ModelArtifacts"]["S3ModelArtifacts"] for job in ended]
models

# %% [markdown]
# ## Deploy
#
# An *endpoint* is an address with servers behind it. Three requests make one:
#
# - the *model*: which image (the packed programs of a server), artifact and role;
# - the *endpoint configuration*: which models, each as a named *production variant*, on which and how many *instances* (rented computers). It never changes;
# - the *endpoint*: a name, and its present configuration.

# %%
endpoint = aws.unique("late-flights")
sagemaker.create_model(
    ModelName=jobs[0],
    ExecutionRoleArn=aws.role,
    PrimaryContainer={"Image": image, "ModelDataUrl": models[0]},
)
variant = {
    "VariantName": "Live",
    "ModelName": jobs[0],
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
sagemaker.create_endpoint_config(EndpointConfigName=jobs[0], ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=jobs[0])
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint)
sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]

# %% [markdown]
# Version 3 of the SageMaker Python SDK (software development kit) makes these requests for you:
#
# ```python
# from sagemaker.serve import ModelBuilder
#
# builder = ModelBuilder(
#     s3_model_data_url=models[0],
#     image_uri=image,
#     role_arn=aws.role,
#     sagemaker_session=aws.session,
# )
# builder.build(model_name="late-flights")
# endpoint = builder.deploy(
#     endpoint_name="late-flights",
#     instance_type="ml.m5.large",
#     initial_instance_count=1,
# )
# endpoint.invoke(body="4,17,1,1089,75.9,8.1,0.0,10.0", content_type="text/csv").body.read()
# ```
#
# We stay with boto3, AWS's plain library: SDK v3 has no working update as of November 2026.
#
# ## Ask
#
# A line of CSV is a flight; a request may hold several.

# %%
runtime = aws.client("sagemaker-runtime")


def invoke(endpoint: str, body: str) -> str:
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)
    return answer["Body"].read().decode()


print(repr(invoke(endpoint, "4,17,1,1089,75.9,8.1,0.0,10.0")))
print(repr(invoke(endpoint, "4,17,1,1089,75.9,8.1,0.0,10.0\n0,6,0,719,,8.1,0.0,10.0")))

# %% [markdown]
# The second flight has no temperature: an empty field is a missing value. The answer is text: a line with a number for each line, and *no* names.
# Number 2 belongs to line 2.
#
# A request's *payload*, its body, has at most {fact:realtime-payload-mb} MB, so not everything fits into one. And each pays its way through the network,
# so one flight a request is slow.

# %% [markdown] exercise="m08_1_ex1"
# Write two functions. `bodies(flights, limit)` returns a `list[str]`: the bodies of the requests for these flights, in their order, none longer than
# `limit` bytes (exactly `limit` is allowed), and as few as possible. `predict(endpoint, flights, limit)` sends them to that endpoint and returns a
# `list[float]`, a probability a flight. A flight is a dictionary with `COLUMNS` in any order, perhaps more; `None` is a missing value. `{"flight": 7, "hour": 17,
# "weekday": 4, "origin": 1, "distance": 1089, "temp": None, "wind_speed": 8.1, "precip": 0.0, "visib": 10.0}` becomes the line
# `4,17,1,1089,,8.1,0.0,10.0`. One flight always fits; for no flights both lists are empty. You need not handle errors.


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
# *Latency* is the time from question to answer. Your own clock measures all of it. CloudWatch, AWS's service for measurements, has two metrics for each
# variant: **ModelLatency**, what the container, the running image, took, and **OverheadLatency**, what SageMaker spent besides. One request in a hundred
# takes longer than p99, the *99th percentile*. Averages hide it.

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
clocks = {}
for metric in ("ModelLatency", "OverheadLatency"):
    clocks[metric] = statistics(cloudwatch, endpoint, "Live", metric, requests=REQUESTS)
pd.DataFrame(clocks)

# %% [markdown]
# These are **microseconds**; forget it, and a model seems to need seconds. As milliseconds they go into one picture with our own clock.

# %%
figure, axes = plt.subplots(figsize=(7, 3))
axes.hist(own, bins=40, color="#b9c4d6", label="my clock")
for name, style in (("p50", "-"), ("p99", ":")):
    milliseconds = clocks["ModelLatency"][name] / 1000
    axes.axvline(milliseconds, color="black", linestyle=style, label=f"ModelLatency {name}")
axes.axvline(np.median(own), color="#b04a2f", linestyle="--", label="my clock, median")
axes.set(xlabel="latency (ms)", ylabel="requests", title=f"{REQUESTS} requests, two clocks")
axes.set_xlim(left=0)
axes.legend()
show(figure, "Histogram of latency by my clock; lines at p50 and p99 of ModelLatency.")

# %% [markdown]
# My median lies to the right of ModelLatency's: the rest is overhead and network, and no bigger instance helps there.
#
# ## When many ask at once
#
# A request that finds all instances busy waits in a queue. Take a model that needs 0.3 s and 3 requests a second at random: on average one instance is busy
# 90 % of the time. `answer_times` replays the queue.

# %%
random = np.random.default_rng(SEED)
arrivals = np.cumsum(random.exponential(1 / 3, size=1_800)).tolist()
replayed = {f"instances: {count}": answer_times(arrivals, [0.3], count) for count in (1, 2, 3)}
pd.DataFrame(replayed).quantile([0.5, 0.9, 0.99]).rename_axis("quantile").round(2)

# %% [markdown]
# Seconds to the answer. One instance has the capacity, and still most requests wait long: they come in bursts. A second takes nearly all the waiting away, a
# third hardly anything, at the same price. What is a late answer worth?

# %% [markdown] exercise="m08_1_ex2"
# Write `instances(brief)` that returns an `int` from 1 to 12: with how many instances the *next* ten minutes cost least, instances and late answers
# together. A brief tells of the last ten minutes: `{"arrivals": [0.4, 0.9, ...], "model_latency": [212000, ...], "overhead_latency": [41000, ...],
# "late_after_ms": 700, "instance_usd": 0.23, "late_usd": 0.004}`. Arrivals are in seconds, latencies those of 300 requests as CloudWatch gives them; an instance
# costs `instance_usd` an hour, an answer later than `late_after_ms` costs `late_usd`. An instance answers one request at a time, and is busy for both
# latencies. For one request a minute it is 1. Unseen traffic decides. You need not change the number in between.


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
# A new model takes a new configuration, and `update_endpoint(EndpointName=..., EndpointConfigName=...)` hands it to the endpoint. A *blue/green* deployment
# follows: new servers start beside the old ones, which go on answering; when the new are healthy, all traffic goes over to them, and the old ones go. Meanwhile
# the status is `Updating`. If the new servers do not come up, the old stay, and `FailureReason` says why.
#
# Three things go wrong in practice: the endpoint is deleted and created anew, so that for minutes there is none; the call's return is taken for the end of
# the update; the old configuration is left, or deleted *before* the update is over, which AWS warns against.

# %% [markdown] exercise="m08_1_ex3"
# Write `update(endpoint, model_data)` that makes an endpoint answer with the model artifact at the S3 URI (address) `model_data`, and returns the `str` name
# of its new endpoint configuration. When it returns, every answer must come from the new model, the old configuration must be deleted, and no request may
# have gone unanswered. The one variant keeps its name, instance type and count. `update(endpoint, models[1])` returns
# something like `"late-flights-3f1c2a-9b1e"`. It must work twice in a row. You need not delete the old model or handle a failed update.


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
# See it happen: a thread asks about one flight while your function puts in the other model, and ten times more afterwards. The answer tells which model
# gave it.

# %%
config = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
model = described["ProductionVariants"][0]["ModelName"]
serving = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
other = models[0] if serving == models[1] else models[1]
flight = lines[0]
try:
    told = during(lambda: update(endpoint, other), lambda: float(invoke(endpoint, flight)))
except NotImplementedError:
    told = during(lambda: None, lambda: float(invoke(endpoint, flight)))
    print("Answer exercise 8.1.3 first; until then the old model goes on answering.")
asked = pd.DataFrame(told)
lost = (asked.error != "").sum()
print(f"{len(asked)} requests, {lost} unanswered, {asked.answer.nunique()} different answers")

figure, axes = plt.subplots(figsize=(7, 3))
for after, marker, label in ((False, ".", "during the update"), (True, "x", "after it")):
    part = asked[asked.after == after]
    color = "black" if after else "#4a6fa5"
    axes.plot(part.second, part.answer, marker, color=color, label=label)
axes.set(xlabel="seconds since the beginning", ylabel="answer: probability of late", ylim=(0, 1))
axes.set_title("One flight, asked during an update")
axes.legend()
show(figure, "Dots: the answer for one flight by seconds, during and after the update.")

# %% [markdown]
# Two levels and one step: the old model answers until the new one takes over, and never again. A pause at the step is a slow request, not a lost one.
#
# ## When a request fails
#
# boto3 retries some errors by itself, and so hides them. The client below does not. It asks an endpoint that is not there, sends a picture, sends too short
# a line, and hangs up before a long answer is there.

# %%
once = Config(retries={"total_max_attempts": 1})
soon = once.merge(Config(read_timeout=0.001))
plain = boto3.client("sagemaker-runtime", region_name=aws.region, config=once)
hasty = boto3.client("sagemaker-runtime", region_name=aws.region, config=soon)


def failure(client, **request) -> dict:
    """The facts of a request that fails."""
    sound = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": flight}
    facts = {"code": "none", "status": None, "original_status": None, "message": "it worked"}
    try:
        client.invoke_endpoint(**sound | request)
    except ClientError as error:
        answer, said = error.response, error.response["Error"]
        facts |= {"code": said["Code"], "message": said["Message"].strip()[:100]}
        facts["status"] = answer["ResponseMetadata"]["HTTPStatusCode"]
        facts["original_status"] = answer.get("OriginalStatusCode")
    except BotoCoreError as error:
        facts |= {"code": type(error).__name__, "message": str(error)[:100]}
    return facts


wrong = [{"EndpointName": "no-such-endpoint"}, {"ContentType": "image/png"}, {"Body": "4,17"}]
failures = [failure(plain, **one) for one in wrong] + [failure(hasty, Body="\n".join(lines * 20))]
pd.DataFrame(failures).convert_dtypes().style.set_properties(**{"text-align": "left"})

# %% [markdown]
# Ask *who said it*. `ModelError`, status 424, passes on what the program in the container said (`original_status`): 4xx, your request is at fault; 5xx, it
# failed; 0, no answer. `ValidationError` is SageMaker itself. A time-out has no status: the caller hung up. Load brings two more: `ThrottlingException`, too
# many requests (status 400, too), and 503, no server ready.
#
# The team's rules for what to do then (this course's own, not AWS's):
#
# - **`"fix"`** what can never succeed: client errors of the program, validation errors about the request.
# - **`"retry"`** what may soon succeed: throttling, SageMaker's 500 and 503, time-outs; a failed program on attempt 1. Wait 100 ms before the first
#   retry, twice as long before each further one. With less time left than this wait and 200 ms for the answer, fall back (exactly enough is enough).
# - **`"fall back"`**: answer without the model, also when access is denied or the endpoint is gone.
# - **page**, which wakes a person, when no caller can mend it: access denied, endpoint gone, program failed on attempt 2 or later.
#
# Asking twice is harmless: a prediction changes nothing.

# %% [markdown] exercise="m08_1_ex4"
# Write `react(error)` that returns a `dict` with `"do"` (`"retry"`, `"fix"` or `"fall back"`), `"wait_ms"` (an `int`; 0 unless it retries) and `"page"`
# (a `bool`). An error is a dictionary like the rows above, with `attempt` (1 for the first try that failed) and `left_ms`: `{"code": "ServiceUnavailable",
# "status": 503, "original_status": None, "message": "...", "attempt": 2, "left_ms": 900}` gives `{"do": "retry", "wait_ms": 200, "page": False}`. A
# validation error that ends in `not found.` means an endpoint that is gone; others are about the request. Forty unseen errors are graded. You need not send anything.


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
# Your rule, on the failures above, with a second left:

# %%
try:
    for facts in failures:
        reaction = react(facts | {"attempt": 1, "left_ms": 1000})
        print(facts["code"], facts["original_status"] or "", json.dumps(reaction))
except NotImplementedError:
    print("Answer exercise 8.1.4 first; then your reactions stand here.")

# %% [markdown]
# ## In this notebook we have
#
# - deployed a model, and packed flights into few requests;
# - told the container's latency from SageMaker's and our own;
# - paid for instances by what late answers cost;
# - replaced a model under load without losing a request;
# - decided by the error who must act.
#
# ## Recall
#
# 1. ModelLatency says 84,000. How long is that, and what is not in it?
# 2. Why are a hundred flights quicker in one request?
# 3. What may you not do while the status is `Updating`?
# 4. Why is 90 % busy too much?
# 5. Which error with status 400 is worth a retry?
#
# <details><summary>Answers</summary>
#
# - 1: 84 ms; SageMaker's overhead and the network.
# - 2: network and overhead are paid once a request.
# - 3: delete the old configuration: it still answers.
# - 4: requests come in bursts and wait.
# - 5: `ThrottlingException`.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.model import Model
# from sagemaker.predictor import Predictor
# from sagemaker.serializers import CSVSerializer
#
# name = f"{endpoint}-2"
# Model(image, models[0], aws.role).deploy(1, "ml.m5.large", endpoint_name=name)  # the three create_ calls
# predictor = Predictor(name, serializer=CSVSerializer())
# print(predictor.predict(flight))  # invoke_endpoint
# newer = Model(image, models[1], aws.role)
# newer.create("ml.m5.large")
# predictor.update_endpoint(model_name=newer.name, instance_type="ml.m5.large", initial_instance_count=1)
# predictor.delete_endpoint()
# ```
#
# ## Clean up
#
# The endpoint costs as long as it stands.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# How to give a new model a tenth of the traffic first: [let the better model in](../m08_realtime/m08_2_rollout.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
