# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # A model that answers while you change it
#
# A travel app asks your model all day whether flights will arrive late. The answer must be quick, and must come even while you replace the model by a
# better one.
#
# Services, metrics, limits and prices are AWS's. The team's rules in the last section are this course's own.
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
# **Cost**: \$0 here. On AWS about 40 cents for three hours of an instance (at {fact:price-ml-m5-large-hosting} dollars an hour, November 2026). Nothing is closed
# to new accounts.
#
# ## Two models, one endpoint
#
# First we connect, and import four short modules of the folder `given/`.

# %%
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
# With smaller numbers the notebook is quicker. With larger ones its results are steadier.

# %% tags=["parameters"]
SEED = 8
FLIGHTS = 8_000
ROUNDS = 20
REQUESTS = 150

# %% [markdown]
# The table has the label (the value to predict), eight columns and the month. `COLUMNS` holds the eight names *in the order of training*. The order matters,
# because XGBoost, the library of the model, knows a column of CSV only by its place.
#
# Two training jobs start at the same time: one learns from the winter, the other from half a year. Their request is in `given/training.py`. Each job leaves a
# `model.tar.gz` in S3, the *model artifact*. A *waiter* waits until a job has ended.

# %%
rows = table(aws.data("flights"), aws.data("weather"))
winter = rows[rows.month <= 3].sample(FLIGHTS, random_state=SEED)
half_year = rows[rows.month <= 6].sample(FLIGHTS, random_state=SEED)
july = rows[rows.month == 7].sample(400, random_state=SEED)

image = aws.image("xgboost", "3.0-5")
parts = {"winter": winter, "half-year": half_year}
columns = ["late", *COLUMNS]
jobs = [start_training(aws, image, ROUNDS, parts[key][columns], key) for key in parts]
for job in jobs:
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=job)
ended = [sagemaker.describe_training_job(TrainingJobName=job) for job in jobs]
models = [job["ModelArtifacts"]["S3ModelArtifacts"] for job in ended]
print(*models, sep="\n")
july[COLUMNS].head(3)

# %% [markdown]
# ## Deploy
#
# An *endpoint* is an address with servers behind it. Three requests make one:
#
# - The *model* says which image (the packed programs of a server), which artifact and which role.
# - The *endpoint configuration* says which models run on which and how many *instances* (rented computers). Each model is a named *production variant*. A
#   configuration never changes.
# - The *endpoint* has a name, and its present configuration.

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
# `InService` means that the endpoint answers. In companies you will more often see the SageMaker Python SDK (software development kit), which sends these
# requests for you. Its import takes some seconds:

# %%
import logging
from importlib.metadata import version

from sagemaker.core.resources import Endpoint, EndpointConfig
from sagemaker.core.shapes import ProductionVariant
from sagemaker.serve import ModelBuilder

logging.disable(logging.WARNING)  # the SDK reports every step
print("version", version("sagemaker"))

# %% [markdown]
# `build` makes the model. `deploy` makes the other two, and returns an `Endpoint`. The table compares the two requests for a variant.

# %%
second = aws.unique("late-flights-sdk")
builder = ModelBuilder(
    s3_model_data_url=models[0],
    image_uri=image,
    role_arn=aws.role,
    sagemaker_session=aws.session,
)
builder.build(model_name=second)
by_sdk = builder.deploy(
    endpoint_name=second,
    instance_type="ml.m5.large",
    initial_instance_count=1,
    wait=False,
)
by_sdk.wait_for_status("InService", poll=1)  # seconds; `deploy` would look every 30

body = "4,17,1,1089,75.9,8.1,0.0,10.0"
print(by_sdk.invoke(body=body, content_type="text/csv").body.read())
made = sagemaker.describe_endpoint_config(EndpointConfigName=by_sdk.endpoint_config_name)
pd.DataFrame({"by hand": variant, "by the SDK": made["ProductionVariants"][0]})

# %% [markdown]
# The SDK chose the variant's name, `AllTraffic`, and adds the default weight. It also tags configuration and endpoint with the artifact's address. Apart from
# names, the rest is the same.
#
# ## Ask
#
# A line of CSV is a flight. A request may hold several lines. With boto3:

# %%
runtime = aws.client("sagemaker-runtime")


def invoke(endpoint: str, body: str) -> str:
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)
    return answer["Body"].read().decode()


print(repr(invoke(endpoint, body)))
print(repr(invoke(endpoint, f"{body}\n0,6,0,719,,8.1,0.0,10.0")))

# %% [markdown]
# The second flight has no temperature: an empty field is a missing value. The answer is text, with one number for each line and *no* names.
#
# A request's *payload*, its body, has at most {fact:realtime-payload-mb} MB. But each request needs its own way through the network. So one flight a request
# is slow.

# %% [markdown] exercise="m08_1_ex1"
# Write two functions. A flight is a dictionary with `COLUMNS` in any order, perhaps with more keys. `None` is a missing value.
#
# | function | what it returns |
# |---|---|
# | `bodies(flights, limit)` | a `list[str]`: the bodies of the requests for these flights, in their order, as few as possible |
# | `predict(endpoint, flights, limit)` | a `list[float]`: a probability for each flight, after it has sent these bodies to that endpoint |
#
# No body is longer than `limit` bytes; exactly `limit` is allowed. `{"flight": 7, "hour": 17, "weekday": 4, "origin": 1, "distance": 1089, "temp": None,
# "wind_speed": 8.1, "precip": 0.0, "visib": 10.0}` becomes the line `4,17,1,1089,,8.1,0.0,10.0`. One flight always fits. For no flights both lists are empty.
# You need not handle errors.


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
# variant. **ModelLatency** is the time that the container (the running image) took. **OverheadLatency** is the time that SageMaker spent besides. One request
# in a hundred takes longer than p99, the *99th percentile*. An average hides these slow requests.

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
# These numbers are **microseconds**. If you forget this, a model seems to need seconds. We draw them as milliseconds, together with our own clock.

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
# The median of my clock lies to the right of ModelLatency's. The rest is overhead and network. A bigger instance does not make these quicker.
#
# ## When many ask at once
#
# A request that finds all instances busy waits in a queue. Take a model that needs 0.3 s, and 3 requests a second at random. On average one instance is then
# busy 90 % of the time. `answer_times` replays the queue.

# %%
random = np.random.default_rng(SEED)
arrivals = np.cumsum(random.exponential(1 / 3, size=1_800)).tolist()
replayed = {f"instances: {count}": answer_times(arrivals, [0.3], count) for count in (1, 2, 3)}
pd.DataFrame(replayed).quantile([0.5, 0.9, 0.99]).rename_axis("quantile").round(2)

# %% [markdown]
# The table shows seconds to the answer. One instance has the capacity, and still most requests wait long, because they come in bursts. A second instance takes
# nearly all the waiting away, a third one hardly any more. So the number depends on what a late answer costs.

# %% [markdown] exercise="m08_1_ex2"
# Write `instances(brief)`. It returns an `int` from 1 to 12: with how many instances the *next* ten minutes cost least, instances and late answers together. A
# brief is a `dict` about the last ten minutes:
#
# | key | example | meaning |
# |---|---|---|
# | `"arrivals"` | `[0.4, 0.9, ...]` | when the requests came, in seconds |
# | `"model_latency"` | `[212000, ...]` | of 300 requests, as CloudWatch gives it |
# | `"overhead_latency"` | `[41000, ...]` | of the same requests |
# | `"late_after_ms"` | `700` | an answer that takes longer is late |
# | `"instance_usd"` | `0.23` | cost of an instance for an hour |
# | `"late_usd"` | `0.004` | cost of a late answer |
#
# An instance answers one request at a time, and is busy for both latencies. For one request a minute the answer is 1. Your function is judged on unseen
# traffic. You need not change the number during the ten minutes.


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
# A new model, or another number of instances, needs a new configuration. An *update* gives it to the endpoint. A *blue/green* deployment follows. New servers
# start beside the old ones, which go on answering. When the new ones are healthy, all traffic goes to them, and the old ones end. Meanwhile the status is
# `Updating`. If the new servers do not come up, the old ones stay, and `FailureReason` says why.
#
# In version 3.27 of the SDK (November 2026), `deploy(update_endpoint=True)` raises a `TypeError`. `Endpoint.update` works: first set the configuration's name.
# Here the SDK's endpoint gets a second instance. Then boto3 puts the old configuration back.

# %%
larger = EndpointConfig.create(
    endpoint_config_name=aws.unique("late-flights-sdk"),
    production_variants=[
        ProductionVariant(
            variant_name="AllTraffic",
            model_name=second,
            instance_type="ml.m5.large",
            initial_instance_count=2,
        )
    ],
)
by_sdk.endpoint_config_name = larger.endpoint_config_name
by_sdk.update()
print(by_sdk.endpoint_status, by_sdk.endpoint_config_name)
by_sdk.wait_for_status("InService", poll=1)
print(by_sdk.endpoint_status, by_sdk.endpoint_config_name)

sagemaker.update_endpoint(EndpointName=second, EndpointConfigName=second)
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=second)
print("back:", Endpoint.get(second).endpoint_config_name)
by_sdk.delete()

# %% [markdown]
# `update` comes back at once, and until the end the endpoint has its old configuration. Three things go wrong in practice:
#
# - Somebody deletes the endpoint and creates it again. For minutes there is none.
# - Somebody takes the call's return for the end of the update.
# - Somebody leaves the old configuration, or deletes it *before* the update is over. AWS warns against that.

# %% [markdown] exercise="m08_1_ex3"
# Write `update(endpoint, model_data)`, with the SDK or with boto3. It makes an endpoint answer with the model artifact at the S3 URI (address) `model_data`. It
# returns the name of the endpoint's new configuration, a `str`. `update(endpoint, models[1])` returns something like `"late-flights-3f1c2a-9b1e"`.
#
# When it returns, every answer must come from the new model. The old configuration must be deleted. No request may have gone unanswered. The one variant keeps
# its name, instance type and count. The function must work twice in a row. You need not delete the old model or handle a failed update.


# %% answer="m08_1_ex3"
def update(endpoint: str, model_data: str) -> str:
    ### BEGIN SOLUTION
    live = Endpoint.get(endpoint)
    old, new = EndpointConfig.get(live.endpoint_config_name), aws.unique("late-flights")
    ModelBuilder(s3_model_data_url=model_data, image_uri=image, role_arn=aws.role, sagemaker_session=aws.session).build(model_name=new)
    variant = old.production_variants[0]
    variant.model_name = new
    EndpointConfig.create(endpoint_config_name=new, production_variants=[variant])
    live.endpoint_config_name = new
    live.update()
    live.wait_for_status("InService", poll=1)
    old.delete()
    return new
    ### END SOLUTION


# %% check="m08_1_ex3"
check("m08_1_ex3", update=update)

# %% [markdown]
# Now a thread asks about one flight while your function puts in the other model, and ten times more afterwards. The answer's number tells which model gave it.

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
# The old model answers until the new one takes over, and never again. A pause at the step is a slow request, not a lost one.
#
# ## When a request fails
#
# boto3 retries some errors by itself. The code below does not. It asks an endpoint that is not there, sends a picture, and sends a line that is too short.
# Then it hangs up before a long answer is there.

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
# Ask *who said it*:
#
# | error | who said it, and why |
# |---|---|
# | `ModelError`, status 424 | the program in the container, see `original_status`. 4xx: your request is at fault; 5xx: it failed; 0: no answer |
# | `ValidationError` | SageMaker itself |
# | a time-out, without a status | the caller, who hung up |
# | `ThrottlingException`, also status 400 | under load: too many requests |
# | status 503 | under load: no server is ready |
#
# The team has rules for what to do then:
#
# - **`"fix"`** what can never succeed: client errors of the program, and validation errors about the request.
# - **`"retry"`** what may soon succeed: throttling, SageMaker's 500 and 503, time-outs, and a failed program on attempt 1. Wait 100 ms before the first retry,
#   and twice as long before each further one. If less time is left than this wait and 200 ms for the answer, fall back. Exactly enough is enough.
# - **`"fall back"`** means to answer without the model. Do this also when access is denied or the endpoint is gone.
# - **page** means to wake a person. Do this when no caller can repair it: access is denied, the endpoint is gone, or the program failed on attempt 2 or later.
#
# A retry does no harm, because a prediction changes nothing.

# %% [markdown] exercise="m08_1_ex4"
# Write `react(error)`. It returns a `dict`:
#
# | key | value |
# |---|---|
# | `"do"` | `"retry"`, `"fix"` or `"fall back"` |
# | `"wait_ms"` | an `int`; 0 unless it retries |
# | `"page"` | a `bool` |
#
# An error is a dictionary like a row of the failures above, with `attempt` (1 for the first try that failed) and `left_ms`. `{"code": "ServiceUnavailable",
# "status": 503, "original_status": None, "message": "...", "attempt": 2, "left_ms": 900}` gives `{"do": "retry", "wait_ms": 200, "page":
# False}`. A validation error whose message ends in `not found.` means an endpoint that is gone. Other validation errors are about the request. Your function is
# judged on forty unseen errors. You need not send anything.


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
# ## In this notebook we have
#
# - deployed a model, and packed flights into few requests;
# - measured the container's latency, SageMaker's and our own;
# - chosen a number of instances by what late answers cost;
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
# - 1: 84 ms. SageMaker's overhead and the network are not in it.
# - 2: network and overhead are paid once a request.
# - 3: delete the old configuration, because it still answers.
# - 4: requests come in bursts, and then they wait.
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
# The endpoint costs money as long as it runs.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# In the next notebook a new model first gets a tenth of the traffic: [let the better model in](../m08_realtime/m08_2_rollout.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
