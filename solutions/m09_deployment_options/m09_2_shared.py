# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Many models, one server
#
# Twelve airports want to know which flights to them will be late. Each wants a model of its own: no airport lets its data into another's model. A partner asks
# too, but sends raw flights, not features. Nobody will pay for twelve servers that mostly stand idle. What can share a server? Services, limits and prices are
# AWS's; rules called this course's own are ours.
#
# **By the end you can**
#
# - put models behind one endpoint, and replace one, without an update (exercise 9.2.1)
# - decide which models should share, and on how many instances (exercise 9.2.2)
# - put a fitted transform in front of a model (exercise 9.2.3)
# - choose among six ways to serve (exercise 9.2.4)
# - say what would have to change for another way to be right (exercise 9.2.5)
#
# **Prerequisites**: [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb), and what serverless, asynchronous and batch mean, from [serving without a
# server](../m09_deployment_options/m09_1_without_a_server.ipynb).
#
# **Time**: 100 minutes. A good place for a break is before the transform.
#
# **Services**: SageMaker endpoints (multi-model, inference pipeline, multi-container), S3, CloudWatch.
#
# **Cost**: \$0 here. On AWS less than a dollar for two hours of four instances (at {fact:price-ml-m5-large-hosting} dollars an hour each, November 2026).

# %%
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from botocore.exceptions import ClientError
from matplotlib import pyplot as plt
from sklearn.metrics import roc_auc_score

from course import check, connect, hint, judge, show

sys.path.append("given")
from archives import pack
from counted import counted
from models import predicted, train
from raw import RAW, features, fit, raw_flights
from sharing import cold_answers, example, hour_usd

aws = connect("m09_2")
sagemaker, runtime, s3 = aws.client("sagemaker"), aws.client("sagemaker-runtime"), aws.client("s3")
aws

# %% [markdown]
# The notebook runs faster with fewer airports and flights.

# %% tags=["parameters"]
SEED = 9
AIRPORTS = 12
ROWS = 2_000
ROUNDS = 20

# %% [markdown]
# ## Does each airport need a model?
#
# `RAW` lists the columns of a flight as a partner sends it. `features` turns them into what a model learns from. One feature is the airline's share of late
# flights. `fit` learns it from data. Its result is the *encoder*.
#
# We train a model for each of the busiest airports. One more model learns from flights of all of them, as many in total.

# %%
flights = raw_flights(aws.data("flights"), aws.data("weather"), months=7)
learn, july = flights[flights.month <= 6], flights[flights.month == 7]
encoder = fit(learn)
for name, rows in (("raw:     ", july[RAW]), ("features:", features(july[:1], encoder))):
    print(name, rows[:1].to_csv(index=False, header=False).strip())

busiest = flights.dest.value_counts().index[:AIRPORTS].to_list()
everywhere = train(learn[learn.dest.isin(busiest)], encoder, AIRPORTS * ROWS, ROUNDS, SEED)
own = {}
scores = pd.DataFrame(index=busiest, columns=["own", "everywhere"], dtype=float)
for airport in busiest:
    own[airport] = train(learn[learn.dest == airport], encoder, ROWS, ROUNDS, SEED)
    there = july[july.dest == airport]
    rows = features(there, encoder)
    both = own[airport], everywhere
    scores.loc[airport] = [roc_auc_score(there.late, predicted(each, rows)) for each in both]

gain = (scores.own - scores.everywhere).sort_values()
figure, axes = plt.subplots(figsize=(7, 3.2))
colors = ["#2b5c9e" if each > 0 else "white" for each in gain]
axes.barh(gain.index, gain, color=colors, edgecolor="black")
axes.axvline(gain.mean(), color="black", linestyle=":", label=f"mean {gain.mean():+.3f}")
axes.set(xlabel="AUC in July: own model, less the one for all", title="Who gains by its own?")
axes.legend()
show(figure, "Bars by airport: AUC of its own model less that of the model for all.")

# %% [markdown]
# Solid bars are airports that gain from their own model. The dotted line is the mean: on average, own models lose. So one model is enough. But the airports'
# contracts require twelve. That is the usual reason for many models: one for each *tenant* (customer) or country.
#
# ## One endpoint for all
#
# A *multi-model endpoint* has one container for many models. Instead of one model archive it has a folder in S3. A request names the archive that it wants, as
# `TargetModel`. The folder holds archives as training jobs leave them:


# %%
def store(key: str, files: dict[str, bytes]) -> str:
    """Pack files into an archive below the lesson's prefix; returns its URI."""
    s3.put_object(Bucket=aws.bucket, Key=f"{aws.prefix}/{key}", Body=pack(files))
    return f"s3://{aws.bucket}/{aws.prefix}/{key}"


for airport, model in own.items():
    for key in (f"trained/{airport}/model.tar.gz", f"serving/{airport}.tar.gz"):
        store(key, {"xgboost-model": bytes(model.save_raw())})


def deploy(name: str, **model) -> str:
    """Model, configuration and endpoint of one name; returns it when the endpoint is in service."""
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, **model)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large"}
    variant["InitialInstanceCount"] = 1
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name


image, folder = aws.image("xgboost", "3.0-5"), f"s3://{aws.bucket}/{aws.prefix}/serving/"
container = {"Image": image, "Mode": "MultiModel", "ModelDataUrl": folder}
fleet_name = deploy(aws.unique("every-airport"), PrimaryContainer=container)

# %% [markdown]
# Only `Mode` is new. The endpoint is in service, but has not loaded any model.
#
# ### The same with the SDK
#
# Version 3 of the SDK has no class for many models (3.27, November 2026). Its *resources* send the requests. The import takes some seconds:

# %%
import logging

from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant
from sagemaker.serve import ModelBuilder

logging.disable(logging.WARNING)  # the SDK reports every step

# %% [markdown]
# A resource takes the members of the request, in small letters. We ask the new endpoint three times. The last two requests are common mistakes.

# %%
by_sdk = aws.unique("airports-by-sdk")
many = ContainerDefinition(image=image, mode="MultiModel", model_data_url=folder)
Model.create(model_name=by_sdk, primary_container=many, execution_role_arn=aws.role)
size = {"instance_type": "ml.m5.large", "initial_instance_count": 1}
variant = ProductionVariant(variant_name="Live", model_name=by_sdk, **size)
EndpointConfig.create(endpoint_config_name=by_sdk, production_variants=[variant])
endpoint = Endpoint.create(endpoint_name=by_sdk, endpoint_config_name=by_sdk)
endpoint.wait_for_status("InService")

first, second = (sagemaker.describe_model(ModelName=name) for name in (fleet_name, by_sdk))
print("the same container:", first["PrimaryContainer"] == second["PrimaryContainer"])
lines = features(july.sample(60, random_state=SEED), encoder)
lines = lines.to_csv(index=False, header=False).split()
for wish in ({"target_model": f"{busiest[0]}.tar.gz"}, {"target_model": "ZRH.tar.gz"}, {}):
    try:
        said = endpoint.invoke(body=lines[0], content_type="text/csv", **wish)
        print(wish, said.body.read().decode(), sep="\n  ")
    except ClientError as error:
        said = error.response["Error"]
        print(wish, said["Code"], said["Message"][:110], sep="\n  ")
endpoint.delete()

# %% [markdown]
# The container is the same. `create` returns at once, so you wait. `delete` leaves the model and the configuration, which cost nothing.
#
# The first error speaks of a download: the endpoint looks into S3 when it is asked for a model. So a new model needs no update. A model that you remove from
# the folder may still answer for a while.
#
# We now ask each model of the first endpoint three times. The first airport is not in the picture, because a server's first answer takes longer.


# %%
def ask(target: str, body: str) -> tuple[str, float]:
    """The answer of one model, and milliseconds."""
    began, csv = time.perf_counter(), {"ContentType": "text/csv", "Accept": "text/csv"}
    said = runtime.invoke_endpoint(EndpointName=fleet_name, TargetModel=target, Body=body, **csv)
    return said["Body"].read().decode(), 1000 * (time.perf_counter() - began)


print(repr(ask(f"{busiest[0]}.tar.gz", "\n".join(lines[:2]))[0]))
took = pd.DataFrame(index=busiest[1:])
for turn in (1, 2, 3):
    took[f"round {turn}"] = [ask(f"{airport}.tar.gz", lines[0])[1] for airport in took.index]
figure, axes = plt.subplots(figsize=(8, 3.2))
for name, marker, fill in zip(took, "o^s", ("full", "none", "none"), strict=True):
    axes.plot(took.index, took[name], marker, fillstyle=fill, color="#2b5c9e", label=name)
axes.set(yscale="log", ylabel="milliseconds", title="A model is slow the first time it is asked")
axes.legend()
show(figure, "Dots by airport: milliseconds until the answer, in three rounds.")
waits = counted(aws.client("cloudwatch"), fleet_name, "ModelLoadingWaitTime", AIRPORTS)
hits = counted(aws.client("cloudwatch"), fleet_name, "ModelCacheHit", 3 * AIRPORTS - 2)
print(f"{waits['SampleCount']:.0f} requests waited, {waits['Average'] / 1000:.0f} ms on average")
print(f"{hits['Average']:.0%} found their model loaded")

# %% [markdown]
# The solid dots are *cold* answers. The caller waited while the server fetched the archive from S3 and loaded it. The hollow marks are *warm* answers: the
# model was in memory. If loading takes longer than an answer may ({fact:realtime-seconds} s), the caller gets `ModelNotReadyException` and asks again. The last
# two lines come from CloudWatch's metrics `ModelLoadingWaitTime`, in microseconds, and `ModelCacheHit`.
#
# The first line of output answers for two flights, with a comma between them, because `Accept` says CSV. Otherwise it is a JSON list.
#
# AWS also has *inference components*: models with their own share of an instance's processors and memory. They suit a few large models, not hundreds of small
# ones.

# %% [markdown] exercise="m09_2_ex1"
# Write two functions.
#
# - `publish(folder, airport, model_data)` copies the archive at the S3 URI `model_data` into `folder` (which ends in `/`). It returns a `str`, the
#   `TargetModel` of a request for it, such as `"ZRH-7.tar.gz"` for `"ZRH"`. Called again for the same airport with another archive, it returns a name under
#   which the new model answers *at once*. Requests with the earlier name must still get the earlier model.
# - `predict(endpoint, routes, flights)` returns a `list[float]`: a probability a flight, in their order. A flight is `{"airport": "LAX", "line":
#   "4,17,1,0.31,2475,75.9,8.1,0.0,10.0"}`. `routes` is a `dict` from airport to `TargetModel`. `routes["default"]` answers for all other airports. Send one
#   request to each model that is needed, with all its lines. Use boto3 or the SDK's `Endpoint.get`. `flights` may be empty.


# %% answer="m09_2_ex1"
def publish(folder: str, airport: str, model_data: str) -> str:
    ### BEGIN SOLUTION
    target = f"{aws.unique(airport)}.tar.gz"
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    from_bucket, _, key = model_data.removeprefix("s3://").partition("/")
    s3.copy_object(Bucket=bucket, Key=prefix + target, CopySource={"Bucket": from_bucket, "Key": key})
    return target
    ### END SOLUTION


def predict(endpoint: str, routes: dict, flights: list[dict]) -> list[float]:
    ### BEGIN SOLUTION
    places: dict[str, list[int]] = {}
    for place, flight in enumerate(flights):
        places.setdefault(routes.get(flight["airport"], routes["default"]), []).append(place)
    answers = [0.0] * len(flights)
    for target, asked in places.items():
        body = "\n".join(flights[place]["line"] for place in asked)
        said = runtime.invoke_endpoint(EndpointName=endpoint, TargetModel=target, ContentType="text/csv", Accept="text/csv", Body=body)
        for place, number in zip(asked, said["Body"].read().decode().split(","), strict=True):
            answers[place] = float(number)
    return answers
    ### END SOLUTION


# %% check="m09_2_ex1"
check("m09_2_ex1", publish=publish, predict=predict)

# %% [markdown]
# ## When sharing pays
#
# Models that share an endpoint share its memory. When it is full, the model that was not used for the longest time is unloaded. Its next answer is cold.
#
# Here is a made-up fleet of twelve models, with 600 requests in an hour. A cold answer comes too late, and costs `late_usd`. `given/sharing.py` replays the
# hour. What does each number of instances cost? And what if the late answers of one quiet model are *dear* (expensive)?

# %%
fleet = example(SEED)
overview = pd.DataFrame(fleet["models"]).T
overview["asked"] = pd.Series(fleet["requests"]).value_counts()
for shared in (1, 2, 3):
    overview[f"cold, {shared} shared"] = pd.Series(cold_answers(fleet, [], shared))
overview = overview.fillna(0)
quiet = overview.asked.astype(int).nsmallest(3).index[-1]
dear = fleet | {"models": fleet["models"] | {quiet: fleet["models"][quiet] | {"late_usd": 0.1}}}
counts = range(1, 6)
figure, axes = plt.subplots(figsize=(7, 3.2))
for of, apart, style, color, label in (
    (fleet, [], "o-", "0.6", "late answers cost the same"),
    (dear, [], "^-", "black", f"{quiet} is dear, and shares"),
    (dear, [quiet], "s-", "#2b5c9e", f"{quiet} has its own endpoint"),
):
    usd = [hour_usd(of, apart, shared) for shared in counts]
    axes.plot(counts, usd, style, color=color, label=label)
axes.set(xlabel="instances that are shared", ylabel="US dollars an hour")
axes.set(title="Two ways to buy warmth", xticks=counts, ylim=(0, None))
axes.legend()
show(figure, "Three lines: dollars an hour by number of shared instances.")
overview.sort_values("asked", ascending=False)

# %% [markdown]
# The table counts cold answers. With one instance, the model that is asked most is mostly warm. Those asked now and then are cold nearly every time.
#
# Each curve falls while one more instance avoids enough late answers. Then it rises. A dear model stays warm in two ways: with memory for all models, or on an
# endpoint of its own.

# %% [markdown] exercise="m09_2_ex2"
# Write `plan(fleet)`. It returns a `dict` such as `{"own": ["A10", "B27"], "shared": 2}`. `own` names the models that get an endpoint of their own (one
# instance each). `shared` is how many instances, 0 to 6, the others share. A fleet has the keys of the one above:
#
# | key | value |
# |---|---|
# | `models` | name to `gb` and `late_usd` |
# | `memory_gb`, `instance_usd` | of an instance |
# | `requests` | the names asked in the last hour, in order |
#
# Plans are judged by what the *next* hours cost, by the replay above. You need not find the best: a plan that costs 2.5 % more earns all points.


# %% answer="m09_2_ex2"
def plan(fleet: dict) -> dict:
    ### BEGIN SOLUTION
    best = (hour_usd(fleet, fleet["models"], 0), list(fleet["models"]), 0)
    for shared in range(1, 7):
        own, cost = [], hour_usd(fleet, [], shared)
        while left := [name for name in fleet["models"] if name not in own]:
            least, name = min((hour_usd(fleet, [*own, name], shared), name) for name in left)
            if least >= cost:
                break
            own, cost = [*own, name], least
        best = min(best, (cost, own, shared))
    return {"own": best[1], "shared": best[2]}
    ### END SOLUTION


# %% check="m09_2_ex2"
check("m09_2_ex2", plan=plan)

# %% [markdown]
# ## The transform and the model as one
#
# The partner sends raw flights, but the model takes features. A *transform* must turn one into the other, with the encoder of the training. An *inference
# pipeline* is a model of several containers, at most {fact:endpoint-containers}, on the same instance. The answer of one is the request to the next.
#
# First a small one: a Canadian partner sends features, but the distance in kilometres. AWS's scikit-learn container calls four functions of a script in `code/`
# of its archive. The script can import pandas, scikit-learn and the files beside it, but nothing of this notebook:

# %%
KILOMETRES = r"""
def model_fn(model_dir):  # once, at the start: what the other functions need from the archive
    return 1.609344

def input_fn(data, content_type):  # the body of a request
    return [line.split(",") for line in data.strip().split("\n")]

def predict_fn(rows, kilometres):
    return [[*row[:4], str(float(row[4]) / kilometres), *row[5:]] for row in rows]

def output_fn(rows, accept):  # the request to the next container, and its content type
    return "\n".join(map(",".join, rows)), "text/csv"
"""
transform = {
    "ContainerHostname": "kilometres",
    "Image": aws.image("sklearn", "1.2-1"),
    "ModelDataUrl": store("kilometres.tar.gz", {"code/transform.py": KILOMETRES.encode()}),
    "Environment": {
        "SAGEMAKER_PROGRAM": "transform.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    },
}
archive = f"{folder}{busiest[0]}.tar.gz"
model = {"ContainerHostname": "model", "Image": image, "ModelDataUrl": archive}

# %% [markdown]
# These are the containers of boto3's request. In the SDK, `Model.create` takes them as `containers`:

# %%
stages = [
    ContainerDefinition(
        container_hostname="kilometres",
        image=aws.image("sklearn", "1.2-1"),
        model_data_url=transform["ModelDataUrl"],
        environment=transform["Environment"],
    ),
    ContainerDefinition(container_hostname="model", image=image, model_data_url=archive),
]
canadian = aws.unique("kilometres")
Model.create(model_name=canadian, containers=stages, execution_role_arn=aws.role)
variant = ProductionVariant(variant_name="Live", model_name=canadian, **size)
EndpointConfig.create(endpoint_config_name=canadian, production_variants=[variant])
chain = Endpoint.create(endpoint_name=canadian, endpoint_config_name=canadian)
chain.wait_for_status("InService")

weekday, hour, origin, carrier, distance, *weather = lines[0].split(",")
abroad = ",".join([weekday, hour, origin, carrier, f"{float(distance) * 1.609344:.3f}", *weather])
answer = chain.invoke(body=abroad, content_type="text/csv").body.read().decode().strip()
print("kilometres:", answer, "  miles:", ask(f"{busiest[0]}.tar.gz", lines[0])[0])

# %% [markdown]
# Compare the two answers. `ModelBuilder` needs fewer lines: its `model` may be a list of `Model`, of one container each, which need not exist at AWS. But in
# version 3.12, which Studio has (November 2026), the containers lose their names.
#
# Now the pipeline gets a line in which fields are missing. It stops at a failure: the model never sees this request. The message names the container that
# failed. That container's stream in the log says why.
#
# In boto3's request `Containers` takes the place of `PrimaryContainer`. Containers can also be called one by one. Such a *multi-container endpoint* has the mode
# `Direct`: a request names its container. This saves instances when several *different* programs are each asked seldom. Here it shows what the transform sends
# to the model.


# %%
def invoke(endpoint: str, body: str, **more) -> str:
    request = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": body}
    return runtime.invoke_endpoint(**request, **more)["Body"].read().decode().strip()


try:
    invoke(canadian, "4,17,1,0.31")
except ClientError as error:
    print("the pipeline says", error.response["Error"]["Message"][:60])
mode = {"Mode": "Direct"}
direct = deploy(aws.unique("direct"), Containers=[transform, model], InferenceExecutionConfig=mode)
first, second = (sagemaker.describe_model(ModelName=name) for name in (canadian, direct))
print("the same containers:", first["Containers"] == second["Containers"])
print("kilometres says", invoke(direct, abroad, TargetContainerHostname="kilometres"))
print("model says     ", invoke(direct, lines[0], TargetContainerHostname="model"))
sagemaker.delete_endpoint(EndpointName=direct)
for _ in range(50):
    invoke(canadian, abroad)
for name in ("kilometres", "model"):
    spent = counted(aws.client("cloudwatch"), canadian, "ContainerLatency", 51, name)
    print(f"{name} takes {spent['Average'] / 1000:.1f} ms on average")
group = f"/aws/sagemaker/Endpoints/{canadian}"
events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
for event in [event for event in events if "Error:" in event["message"]][-1:]:
    print(event["logStreamName"].rpartition("/")[2], "logs:", event["message"])

# %% [markdown] exercise="m09_2_ex3"
# Write `pipeline(name, encoder, model_data)`. It makes an endpoint `name` that takes *raw* flights, and returns `name` when it answers.
#
# - A request has one or several lines with the columns `RAW`, such as `2013-07-01 17:15,JFK,UA,1089,75.9,8.1,0.0,10.0`.
# - The first container makes features as `features` in `given/raw.py` does, with this `encoder`: a `dict` as above, another one each time. The line above
#   becomes 0 for Monday, 17, 1, the share of UA, 1089, 75.9, 8.1, 0.0, 10.0. Fields may be empty and airlines unknown: do as training did.
# - The last is the XGBoost container with the archive at the S3 URI `model_data`. It answers one number a line.
#
# Use the SDK (`stages`, `ModelBuilder`) or boto3 (`transform`, `model`, `deploy`), and `store`. You need not clean up.


# %% answer="m09_2_ex3"
def pipeline(name: str, encoder: dict, model_data: str) -> str:
    ### BEGIN SOLUTION
    script = r"""
import io
import json

import pandas as pd
from raw import RAW, features as predict_fn

def model_fn(model_dir):
    with open(f"{model_dir}/encoder.json") as file:
        return json.load(file)

def input_fn(data, content_type):
    return pd.read_csv(io.StringIO(data), header=None, names=RAW)

def output_fn(rows, accept):
    return rows.to_csv(header=False, index=False), "text/csv"
"""
    code = {"code/transform.py": script.encode(), "code/raw.py": Path("given/raw.py").read_bytes()}
    uri = store(f"{name}.tar.gz", {"encoder.json": json.dumps(encoder).encode(), **code})
    first = ContainerDefinition(image=transform["Image"], model_data_url=uri, environment=transform["Environment"])
    parts = [Model(model_name=name, primary_container=one) for one in (first, ContainerDefinition(image=image, model_data_url=model_data))]
    builder = ModelBuilder(model=parts, role_arn=aws.role, sagemaker_session=aws.session)
    builder.build(model_name=name)
    return builder.deploy(endpoint_name=name, instance_type="ml.m5.large").endpoint_name
    ### END SOLUTION


# %% check="m09_2_ex3"
check("m09_2_ex3", pipeline=pipeline)

# %% [markdown]
# ## Where does the transform belong?
#
# The transform costs a millisecond or two, but no second instance. The partner could also compute the features. But then two programs must do the same thing for
# ever. Here are three mistakes, on July's flights.

# %%
month = july.sample(8_000, random_state=SEED)
made = features(month, encoder)
ways = {
    "one definition": made,
    "encoder of January": features(month, fit(flights[flights.month == 1])),
    "week from Sunday": made.assign(weekday=(made.weekday + 1) % 7),
    "hour in UTC": made.assign(hour=(made.hour + 4) % 24),
}
broad = train(learn, encoder, 40_000, ROUNDS, SEED)
answers = {way: predicted(broad, rows) for way, rows in ways.items()}
auc = pd.Series({way: roc_auc_score(month.late, given) for way, given in answers.items()})
moved = []
for way, score in auc.items():
    other = np.abs(answers[way] - answers["one definition"]) > 0.02
    moved.append(f"{score:.3f}, {other.mean():.0%} moved")

figure, axes = plt.subplots(figsize=(7, 2.6))
bars = axes.barh(auc.index, auc, color=["#2b5c9e", "white", "white", "white"], edgecolor="black")
axes.bar_label(bars, moved, padding=3)
axes.invert_yaxis()
axes.set(xlim=(0.5, 0.9), xlabel="AUC in July; answers that moved by more than 0.02")
axes.set_title("Nothing fails. Some of it is wrong")
show(figure, "Bars: AUC in July for four ways to make the features.")

# %% [markdown]
# No request failed in any of the four ways. Two mistakes look harmless by the score, but many single answers moved.
#
# Put a transform in front of the model if it needs only the request and something learned at training time. Then one update replaces encoder and model. A
# container that sees one request cannot compute a feature of *other* rows, such as yesterday's delays. It is prepared beforehand, and the request brings it.
#
# ## Which option, when
#
# Ask in this order, and stop at the first yes. The limits are AWS's. The order and the hour are this course's own:
#
# | question | option |
# |---|---|
# | May the answer take an hour or more (`answer_s` of 3,600 or more)? | `batch` |
# | Is a request larger than {fact:realtime-payload-mb} MB (`payload_mb`), or does the model need longer than {fact:realtime-seconds} s (`model_s`)? | `asynchronous` |
# | Are there several models of one kind (`models`), and may a caller wait until one is loaded (`cold_s` no more than `answer_s`)? | `multi-model` |
# | Are there several, but no time for that? Each has an endpoint. | `real time` |
# | Does a transform of the request come first (`transform` is `request`), and are `transform_s` and `model_s` together no more than `answer_s`? | `pipeline` |
# | Are all four true? A cold start (`cold_s`) takes no more than `answer_s`. A request has at most {fact:serverless-payload-mb} MB. The model has at most {fact:serverless-most-memory-gb} GB (`memory_gb`). A day is cheaper than with an instance. | `serverless` |
# | Else | `real time` |
#
# For each request, serverless costs its seconds (`model_s`) times `memory_gb` times `gb_second_usd`. An instance runs all day at `instance_usd` an hour. A
# serverless endpoint takes neither pipelines nor many models. `transform` may also be `none`, or `history`: features that are prepared beforehand.

# %% [markdown] exercise="m09_2_ex4"
# Write `choose(case)`. It returns a `str`, one of the six options, by this course's table. A case is a `dict` with all fields: `{"answer_s": 20.0, "model_s":
# 0.1, "transform_s": 0.02, "cold_s": 6.0, "payload_mb": 0.1, "memory_gb": 2, "requests_a_day": 3000, "models": 1, "transform": "none", "instance_usd": 0.115,
# "gb_second_usd": 0.00002}`. With `"answer_s": 7200.0` it is `"batch"`. Forty unseen cases are graded.


# %% answer="m09_2_ex4"
def choose(case: dict) -> str:
    ### BEGIN SOLUTION
    if case["answer_s"] >= 3600:
        return "batch"
    if case["payload_mb"] > 6 or case["model_s"] > 60:
        return "asynchronous"
    in_time = case["cold_s"] <= case["answer_s"]
    if case["models"] > 1:
        return "multi-model" if in_time else "real time"
    if case["transform"] == "request" and case["transform_s"] + case["model_s"] <= case["answer_s"]:
        return "pipeline"
    fits = in_time and case["payload_mb"] <= 4 and case["memory_gb"] <= 6
    by_request = case["requests_a_day"] * case["model_s"] * case["memory_gb"] * case["gb_second_usd"]
    return "serverless" if fits and by_request < 24 * case["instance_usd"] else "real time"
    ### END SOLUTION


# %% check="m09_2_ex4"
check("m09_2_ex4", choose=choose)

# %% [markdown] exercise="m09_2_ex5"
# Write `make_right_for(option, case)`. It returns a `dict`: the case with *one* field changed, so that `option` is right by this course's table. One change
# within these ranges is always enough. Prices do not change.
#
# | field | range |
# |---|---|
# | `answer_s` | 0.05 to 86,400 |
# | `model_s` | 0.001 to 900 |
# | `transform_s` | 0.001 to 30 |
# | `cold_s` | 0.2 to 120 |
# | `payload_mb` | 0.001 to 1,000 |
# | `memory_gb` | 0.5 to 16 |
# | `requests_a_day` | 1 to 50,000,000 |
# | `models` (an `int`) | 1 to 2,000 |
# | `transform` | as above |
#
# Change a number no further than you must. Move the new value back towards the old one by a tenth of itself: then the option must no longer be right. For
# example, only `"memory_gb": 9` keeps a case from serverless. It may become 6, because 6.6 is too much. 5 would be too far, because 5.5 is not. Thirty unseen
# wishes are graded.


# %% answer="m09_2_ex5"
def make_right_for(option: str, case: dict) -> dict:
    ### BEGIN SOLUTION
    wait = case["answer_s"]
    same_price = 24 * case["instance_usd"] / (case["model_s"] * case["memory_gb"] * case["gb_second_usd"])
    borders = {
        "transform": ["none", "request"],
        "models": [1, 2],
        "payload_mb": [4, 4.1, 6, 6.1],
        "transform_s": [(wait - case["model_s"]) * 0.99],
        "cold_s": [wait, wait * 1.02],
        "memory_gb": [6],
        "requests_a_day": [same_price * 0.99],
        "answer_s": [3600, 3599],
        "model_s": [60],
    }
    for field, values in borders.items():
        for value in values if field == "transform" else sorted(values, key=lambda value: abs(value - case[field])):
            if choose(case | {field: value}) == option:
                return case | {field: value}
    raise ValueError(f"no border between this case and {option}")
    ### END SOLUTION


# %% check="m09_2_ex5"
check("m09_2_ex5", make_right_for=make_right_for)

# %% [markdown]
# ## In this notebook we have
#
# - put twelve models behind one endpoint, and replaced one without an update;
# - kept models warm where this is worth its price;
# - put a transform in front of a model, and seen what a copy elsewhere does wrong;
# - chosen among six ways to serve.
#
# ## Recall
#
# 1. When does a multi-model endpoint notice a new archive?
# 2. Why must an archive never be overwritten?
# 3. Which models gain from their own endpoint: those asked often, or others?
# 4. Why can a pipeline not compute yesterday's delays?
# 5. A pipeline fails. Where do you look first?
#
# <details><summary>Answers</summary>
#
# - 1: when a request names it.
# - 2: an instance that has loaded it goes on with the old one.
# - 3: others: seldom asked, with dear late answers. Those asked often are warm anyway.
# - 4: its containers see one request, and no other rows.
# - 5: in the error message, which names the container; then in that container's log stream.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.model import Model
# from sagemaker.multidatamodel import MultiDataModel
# from sagemaker.pipeline import PipelineModel
# from sagemaker.predictor import Predictor
# from sagemaker.serializers import CSVSerializer
#
# machine, text = (1, "ml.m5.large"), CSVSerializer()
# many = MultiDataModel(f"{fleet_name}-2", folder, image_uri=image, role=aws.role)
# many.add_model(model_data_source=archive, model_data_path="copy.tar.gz")  # publish
# many.deploy(*machine, endpoint_name=f"{fleet_name}-2")
# predictor = Predictor(f"{fleet_name}-2", serializer=text)
# print(predictor.predict(lines[0], target_model="copy.tar.gz"))
# predictor.delete_endpoint()
#
# settings = transform["Environment"]
# first = Model(transform["Image"], transform["ModelDataUrl"], aws.role, env=settings)
# chain = PipelineModel([first, Model(image, archive, aws.role)], aws.role)  # Containers
# chain.deploy(*machine, endpoint_name=f"{canadian}-2")
# predictor = Predictor(f"{canadian}-2", serializer=text)
# print(predictor.predict(abroad))
# predictor.delete_endpoint()
# ```
#
# ## Clean up
#
# Two endpoints are still running, and cost money.

# %%
aws.cleanup()

# %% [markdown]
# ## Next
#
# The other half of the table is in [answers without a server that waits](../m09_deployment_options/m09_1_without_a_server.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
