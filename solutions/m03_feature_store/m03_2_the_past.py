# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # The past as it was
#
# A model was good in its test table and bad in production. The table had joined each flight with a state of the airport that was not known yet.
# And the service computed one feature in another way than the table. Neither fault raises an error. In this notebook you cause both,
# measure them, and remove them.
#
# **By the end you can**
#
# - join each flight with the values that were valid when the model was asked (exercise 3.2.1)
# - say where the rows of the SDK's dataset builder differ, and why (exercise 3.2.2)
# - find the features that a service gets wrong, and what each costs (exercise 3.2.3)
# - let one function compute a feature in both places (exercise 3.2.4)
#
# **Prerequisites**: [feature groups](../m03_feature_store/m03_1_feature_groups.ipynb), [real-time endpoints](../m08_realtime/m08_1_realtime.ipynb), SQL with window functions.
#
# **Time**: 75 minutes; a good place for a break is before "Skew".
#
# **Services**: SageMaker Feature Store, Athena, Glue, SageMaker endpoints with data capture, SageMaker Processing.
#
# **Cost**: \$0 here. On AWS about 25 cents (an hour of one instance at {fact:price-ml-m5-large-hosting} dollars, November 2026, some jobs and queries).
#
# ## Set up

# %%
import logging

import numpy as np
import pandas as pd
from given import features, late_flights
from given.late_flights import FEATURES, STATE, auc, joined, trained
from given.past import ask_table, drop_tables
from given.records import offline_when, wait_created
from given.service import ask, captured, deploy
from sklearn.metrics import roc_auc_score

from course import check, connect, hint, judge, show, variant
from course.exercises import skewed_features

logging.disable(logging.WARNING)  # the SDK logs each step
aws = connect("m03_2")
folder = f"s3://{aws.bucket}/{aws.prefix}"
aws

# %% [markdown]
# The models learn from one day in `EVERY`, with `TREES` trees each: less of both takes less time and gives less exact numbers. `ASKED` is the number of flights
# that a service is asked about.

# %% tags=["parameters"]
EVERY = 4
TREES = 40
ASKED = 5_000

# %% [markdown]
# The SDK needs a region when it is imported, so we import it after `connect`. `create` makes a group with both stores.

# %%
from sagemaker.mlops.feature_store import (
    AthenaQuery,
    DatasetBuilder,
    FeatureGroup,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    ingest_dataframe,
    load_feature_definitions_from_dataframe,
)


def create(name: str, rows: pd.DataFrame, identifier: str, event_time: str) -> str:
    group, place = aws.unique(name), S3StorageConfig(s3_uri=f"{folder}/offline")
    FeatureGroup.create(
        feature_group_name=group,
        record_identifier_feature_name=identifier,
        event_time_feature_name=event_time,
        feature_definitions=load_feature_definitions_from_dataframe(rows),
        online_store_config=OnlineStoreConfig(enable_online_store=True),
        offline_store_config=OfflineStoreConfig(s3_storage_config=place),
        role_arn=aws.role,
    )
    wait_created(aws, group)
    return group


# %% [markdown]
# The group `airport-state` has one record an hour for each airport: how many planes left in the last two hours, and their mean delay. The event time is the
# end of these two hours. We fill it with one week.

# %%
flown = features.flights(aws.data("flights"), months=(1, 8))
state = features.airport_state(flown, every="1h")
week = state[state.event_time.between("2013-07-08T00:00:00Z", "2013-07-14T23:59:59Z")]
group = create("airport-state", week, "origin", "event_time")
ingest_dataframe(group, week, max_workers=4)
print(f"{len(week)} records of {week.origin.nunique()} airports")

# %% [markdown]
# ## The offline table
#
# The offline store is a table that Athena reads. Two classes of the SDK are enough: `FeatureGroup` finds the table of a group, `AthenaQuery` runs a query.


# %%
def offline(group: str) -> tuple[str, str, str, list[str]]:
    """Table, identifier, event time and further features of a group, as SQL writes them."""
    found = FeatureGroup.get(feature_group_name=group)
    catalog = found.offline_store_config.data_catalog_config
    keys = found.record_identifier_feature_name, found.event_time_feature_name
    names = [each.feature_name for each in found.feature_definitions]
    more = [name for name in names if name not in keys]
    return f'"{catalog.database}"."{catalog.table_name}"', *keys, more


def athena(sql: str) -> pd.DataFrame:
    query = AthenaQuery("AwsDataCatalog", "sagemaker_featurestore", "", aws.session)
    query.run(sql, f"{folder}/athena")
    query.wait()
    status = query.get_query_execution()["QueryExecution"]["Status"]
    if status["State"] != "SUCCEEDED":
        raise RuntimeError(status["StateChangeReason"])
    return query.as_dataframe()


offline_when(aws, group, len(week))  # on AWS this can take 15 minutes
athena(f"SELECT * FROM {offline(group)[0]} WHERE origin = 'JFK' ORDER BY event_time DESC LIMIT 3")

# %% [markdown]
# Three columns were added. `api_invocation_time` is the time of the request, `write_time` that of the file, `is_deleted` marks a deletion. Each written
# record has its row, so an airport has many *versions*.
#
# ## Which version belongs to a flight?
#
# The model is asked at T, two hours before departure. It is tempting to take the state *of the hour in which the flight leaves*: same airport, same
# hour. This state is complete only at the end of the hour, so its record is the first *after* the departure.
#
# We train four models, on January to June: without the state, and with three joins. `joined` takes the newest record at or before a moment or, with `forward`,
# the first at or after it. We test on July and August.

# %%
rows = late_flights.table(flown, aws.data("weather"))
local = rows.departs.dt.tz_convert(features.NEW_YORK)
rows = rows.assign(month=local.dt.month)[local.dt.dayofyear % EVERY == 0]
past, test = rows[rows.month <= 6], rows[rows.month >= 7]
without = trained(past, FEATURES[:-2], TREES)
scores = {"no airport state": [auc(without, test)] * 2}
served = test.join(joined(test, "asked_at", state, STATE))
models = {}
for name, moment, direction in (
    ("newest at T", "asked_at", "backward"),
    ("newest at departure", "departs", "backward"),
    ("hour of departure", "departs", "forward"),
):
    learn = past.join(joined(past, moment, state, STATE, direction))
    promised = test.join(joined(test, moment, state, STATE, direction))
    models[name] = trained(learn, FEATURES, TREES)
    scores[name] = [auc(models[name], promised), auc(models[name], served)]

# %% [markdown]
# *Promised* is the AUC in a test table that was joined in the same way as the training table. *Served* is the AUC with what the online store gives: the newest
# version at T.

# %%
promises = pd.DataFrame(scores, index=["promised", "served"]).T
axes = promises.plot.barh(figsize=(7, 3), color=["white", "#2b5c9e"], edgecolor="black")
for bars in axes.containers:
    axes.bar_label(bars, fmt="%.3f", padding=3)
axes.invert_yaxis()
axes.set(xlim=(0.5, 0.9), xlabel="AUC on July and August")
axes.set_title("A leak promises more and serves less")
shown = "; ".join(f"{name} {one:.3f} and {other:.3f}" for name, (one, other) in scores.items())
show(axes.figure, f"Pairs of bars, AUC promised and served: {shown}.")

# %% [markdown]
# The hour of departure promises most. In service, its model is worse than the one without the feature: it learned to trust a value that does not exist at T.
# The newest version at departure has the same fault, only smaller. The newest at T serves what it promises, and serves best. A test table cannot
# warn you: it has the same fault as the training table.
#
# The rule is called *point-in-time correct*: join each row with the newest version whose event time is not after the row's own time.
#
# ## The join of the past
#
# `joined` needs all versions in memory. Now join in Athena, where the versions are. Three helpers: `offline(group)` names the group's table and columns,
# `ask_table(aws, rows)` makes an Athena table of a `DataFrame` and returns its name for SQL. `athena(sql)` returns the rows of a query.

# %% [markdown] exercise="m03_2_ex1"
# An ask is an identifier and a time. Write `as_of(group, ids, times)` that returns a `DataFrame` with one row for each ask, in their order, also when
# an ask comes twice: columns `id`, `time`, and the group's features other than identifier and event time; numbers are numbers. `ids` and `times` are lists of
# the same length; a time is text in the form of the group's event times.
#
# | case | the row has |
# |---|---|
# | an event time at or before the asked time | the values of the newest such version |
# | events that arrived in another order | the same values: only event times count |
# | the same event time twice | the values of the request with the later `api_invocation_time` (never the same second here) |
# | deleted at the asked time, or not yet known | its `id` and `time`, no values (`NaN`) |
#
# `as_of(group, ["JFK"], ["2013-07-10T18:30:00Z"])` has the values of 18:00. It works for any group whose event
# times are text: the check fills one with other names. Speed does not matter.


# %% answer="m03_2_ex1"
def as_of(group: str, ids: list[str], times: list[str]) -> pd.DataFrame:
    ### BEGIN SOLUTION
    table, identifier, event_time, more = offline(group)
    asks = ask_table(aws, pd.DataFrame({"ask": range(len(ids)), "id": ids, "asked": times}))
    values = ", ".join(f"CASE WHEN NOT is_deleted THEN {name} END AS {name}" for name in more)
    found = athena(f"""
        WITH latest AS (
            SELECT *, row_number() OVER (
                PARTITION BY {identifier}, {event_time} ORDER BY api_invocation_time DESC, write_time DESC) AS place
            FROM {table}),
        versions AS (
            SELECT *, lead({event_time}) OVER (PARTITION BY {identifier} ORDER BY {event_time}) AS until
            FROM latest WHERE place = 1)
        SELECT id, asked, {values} FROM {asks} LEFT JOIN versions
        ON {identifier} = id AND {event_time} <= asked AND (until IS NULL OR asked < until)
        ORDER BY ask""")
    return found.rename(columns={"asked": "time"})
    ### END SOLUTION


# %% check="m03_2_ex1"
check("m03_2_ex1", as_of=as_of)

# %% [markdown]
# ## The SDK's builder
#
# The SDK's `DatasetBuilder` can write such a query. We try it on a group with few records: planes and their seats. Event times
# are numbers here (Unix seconds): with text, version 3.27 of the SDK writes a query that Athena refuses.

# %%
now = int(pd.Timestamp.now(tz="UTC").timestamp())
noted = pd.DataFrame(
    {
        "plane": ["N1", "N1", "N2", "N3", "N4"],
        "noted_at": [now - 900.0, now - 300.0, now - 900.0, now - 900.0, now + 900.0],
        "seats": [100, 110, 120, 130, 140],
    }
)
planes = create("planes", noted, "plane", "noted_at")
ingest_dataframe(planes, noted)
gone = {"FeatureGroupName": planes, "EventTime": str(now + 900)}
store = aws.client("sagemaker-featurestore-runtime")
store.delete_record(RecordIdentifierValueAsString="N3", **gone)
offline_when(aws, planes, 6)
asks = pd.DataFrame(
    [("q1", "N1", now + 600.0), ("q2", "N1", now - 200.0), ("q3", "N2", now + 600.0)]
    + [("q4", "N3", now + 600.0), ("q5", "N3", now + 990.0), ("q6", "N4", now + 600.0)],
    columns=["question", "plane", "asked_at"],
)

# %% [markdown]
# The base of the builder is our table of asks. `point_in_time_accurate_join` leaves out versions after the asked time. The group's columns get the ending
# `.1`. Times are shown in seconds from now.


# %%
def built(asks: pd.DataFrame, recent: int | None) -> pd.DataFrame:
    builder = DatasetBuilder.create(
        base=asks,
        output_path=f"{folder}/datasets",
        session=aws.session,
        record_identifier_feature_name="question",
        event_time_identifier_feature_name="asked_at",
    )
    builder.with_feature_group(FeatureGroup.get(planes), "plane").point_in_time_accurate_join()
    if recent:
        builder.with_number_of_recent_records_by_record_identifier(recent)
    return builder.to_dataframe()[0].sort_values("question")


print("rows without a number:", built(asks, None).question.value_counts(sort=False).to_dict())
found = built(asks, 1)
compared = asks.merge(found[["question", "noted_at.1", "seats.1"]], how="left")
for column in ("asked_at", "noted_at.1"):
    compared[column] -= now
compared

# %% [markdown]
# Without a number of recent records the builder returns *every* version before an ask: two for q1. With 1 it keeps one for each identifier of the base: choose
# a column that is unique in each row, such as `question`. With `plane` it would answer one ask for each plane. With several groups it first joins all their
# versions, so the rows multiply: use it for few versions. `NaN` above: the builder returned no row.
#
# Look at q4: at the asked time the plane was there, and its deletion came later. Look at q2: it asks about 200 seconds ago, and gets a value that was written
# just now. At the asked time nobody could read it.

# %% [markdown] exercise="m03_2_ex2"
# Write `verdict(versions, time)` that compares the builder (with 1 recent record) with `as_of` for one ask, and returns a word, a `str`. `versions` is a
# `DataFrame` of all rows of one identifier, in any order: `event_time` and `api_invocation_time` (Unix seconds) and `is_deleted`.
#
# | word | at `time` |
# |---|---|
# | `empty` | `as_of` has no values, the builder no row |
# | `deleted` | `as_of` has values, the builder no row |
# | `late` | both have the same values, but their request came after `time` |
# | `same` | both have the same values, and their request came by then |
#
# The first row that holds decides. Above, q1 is `same`, q2 `late`, q4 `deleted`, q6 `empty`. No two requests have the same `api_invocation_time`, and no event
# time of a deletion comes twice. Forty unseen histories decide; no query is needed.


# %% answer="m03_2_ex2"
def verdict(versions: pd.DataFrame, time: int) -> str:
    ### BEGIN SOLUTION
    known = versions[versions.event_time <= time].sort_values(["event_time", "api_invocation_time"])
    if known.empty or known.is_deleted.iloc[-1]:
        return "empty"
    valid = known.iloc[-1]
    if (versions.is_deleted & (versions.event_time > valid.event_time)).any():
        return "deleted"
    return "late" if valid.api_invocation_time > time else "same"
    ### END SOLUTION


# %% check="m03_2_ex2"
check("m03_2_ex2", verdict=verdict)

# %% [markdown]
# The builder's option `include_deleted_records()` does not help: asks after the deletion then get deleted values. And no join notices that a value came late:
# so the event time must be the time at which a value could be *read*. When history is written afterwards (a *backfill*), as our week was,
# no other column can say it: `api_invocation_time` and `write_time` are those of the backfill.
#
# ## Skew
#
# *Training/serving skew*: the training table computes a feature in one way, the service in another. Here are two wrong ways to compute `minutes` (since midnight
# in New York), and one for `distance` (in miles), each alone.

# %%
answered = served.sample(min(ASKED, len(served)), random_state=3)[["flight", "late", *FEATURES]]
answered = answered.reset_index(drop=True)
model, minutes = models["newest at T"], answered.minutes
mistakes = {
    "hhmm as minutes": {"minutes": minutes // 60 * 100 + minutes % 60},
    "UTC as New York": {"minutes": (minutes + 240) % 1440},
    "kilometres as miles": {"distance": answered.distance * 1.609344},
}
sound = auc(model, answered)
lost = {name: sound - auc(model, answered.assign(**wrong)) for name, wrong in mistakes.items()}
loss = pd.Series(lost)
axes = loss.plot.barh(figsize=(7, 2), color="#b04a2f", edgecolor="black")
axes.bar_label(axes.containers[0], fmt="%.4f", padding=3)
axes.set(xlabel=f"AUC lost, of {sound:.3f}", title="Not every skew costs")
show(axes.figure, f"Bars, AUC lost by each mistake: {loss.round(4).to_dict()}.")

# %% [markdown]
# All three are wrong, and no error was raised. The two clocks cost AUC, the kilometres hardly any: this model hardly uses the distance. The code
# does not show what a skew costs. You have to measure it.
#
# ## Skew in a service
#
# Now a service: an endpoint with *data capture*, which stores each request in S3. The service computes the features by code of its own.
# `variant` draws which of them are wrong in your service.

# %%
endpoint = deploy(aws, model)
mistaken = skewed_features.planted(variant("m03_2_ex3"))
sent = skewed_features.as_served(answered[FEATURES], mistaken)
ask(aws, endpoint, sent)


def score(endpoint: str, rows: pd.DataFrame) -> list[float]:
    """The endpoint's answer to each row; the columns must be those of its model, in their order."""
    return ask(aws, endpoint, rows)


seen = captured(aws, endpoint, FEATURES, len(sent))
seen.insert(0, "flight", answered.flight)
reached = roc_auc_score(answered.late, score(endpoint, sent))
print(f"offline promises {sound:.3f}, the service has {reached:.3f}")
seen.head(3)

# %% [markdown]
# Two tables have the same flights: `seen` has what the endpoint was asked, `answered` has the values as of T and the label. First
# compare them, feature by feature. Then *price* each difference: restore this one feature in all rows, leave the others as captured, ask the endpoint again.
# Start from the captured rows: breaking one feature of a sound table gives other numbers, because effects overlap.

# %% [markdown] exercise="m03_2_ex3"
# Write `skewed(captured, offline, endpoint)` that returns a `dict`: for each feature that the service gets wrong for any flight, the AUC that is gained when it alone
# is restored (a `float`, negative when the AUC falls). `captured` has `flight` and the features in the order of the model; `offline` has the same flights and
# features, both in another order, and `late`. Values are the same when they differ by at most 0.001, or when both are missing. A feature also counts when it
# costs nothing, or is wrong only where a value is missing.
#
# If only `temp` is wrong, and its repair gains 0.02: `{"temp": 0.02}`. `score(endpoint, rows)` asks the model. Graded are other models with other
# features; a cost may be off by 0.001.


# %% answer="m03_2_ex3"
own_endpoint, own_flights = endpoint, answered  # the check asks your service, too


def skewed(captured: pd.DataFrame, offline: pd.DataFrame, endpoint: str) -> dict:
    ### BEGIN SOLUTION
    right = offline.set_index("flight").loc[captured.flight].reset_index()
    rows = captured.drop(columns="flight")

    def quality(table: pd.DataFrame) -> float:
        return roc_auc_score(right.late, score(endpoint, table))

    def same(name: str) -> bool:
        return np.isclose(captured[name], right[name], rtol=0, atol=0.001, equal_nan=True).all()

    base = quality(rows)
    return {name: quality(rows.assign(**{name: right[name]})) - base for name in rows if not same(name)}
    ### END SOLUTION


# %% check="m03_2_ex3"
check("m03_2_ex3", skewed=skewed, own_endpoint=own_endpoint, own_flights=own_flights)

# %% [markdown]
# Now your `skewed` prices your own service.

# %%
try:
    prices = pd.Series(skewed(seen, answered, endpoint)).sort_values()
    axes = prices.plot.barh(figsize=(7, 2.4), color="#b04a2f", edgecolor="black")
    axes.bar_label(axes.containers[0], fmt="%.4f", padding=3)
    axes.set(xlabel="AUC gained by repair", title="Repair the longest bar first")
    shown = prices.round(4).to_dict()
    show(axes.figure, f"Bars, AUC gained by the repair of each feature: {shown}.")
except NotImplementedError as missing:
    print(missing)

# %% [markdown]
# The sum of the bars is not the whole gap: what one repair is worth depends on what else is broken. So repair the largest, and measure again.
#
# ## One function, two callers
#
# Feature Store keeps values. It runs no transformation, and does not know whether two programs computed them in the same way. Only *one* function
# that both programs import guarantees it.
#
# Where should it run? When it needs history (`airport-state`): before the store. When it needs only the request
# (`minutes`, `distance`): with the request. Then the function runs in a container in front of the model, and training applies the same file to
# the history. That costs some milliseconds a request, and there is only one version. [Shared endpoints](../m09_deployment_options/m09_2_shared.ipynb) builds it as an inference pipeline.
#
# The two callers see a flight in different forms:
#
# | | history (CSV, all text) | request (JSON) |
# |---|---|---|
# | when | `date` `"2013-07-04"`, `sched_dep_time` `"1710"`: hhmm in New York | `departs` `"2013-07-04T21:10:00Z"`: UTC |
# | how far | `distance` `"1089"`: miles | `km` `1752.6`: kilometres |

# %% [markdown] exercise="m03_2_ex4"
# Make `module`, a `str`: the text of a Python file with a function `features(flight)`. `flight` is a `dict` in either form of the table. It returns a
# `dict` of three `int`: `minutes` (of the scheduled departure on New York's clock, 0 at midnight), `weekday` (in New York, Monday is 0) and `miles` (rounded).
# Both flights of the table give `{"minutes": 1030, "weekday": 3, "miles": 1089}`. Flights leave at any hour of any day, also when the clocks change;
# `"5"` is 0:05. The check runs your module in a Processing job on unseen flights, each in both forms. You may use the standard library. All input is valid.

# %% answer="m03_2_ex4"
module = ...  # TODO: the text of shared.py

### BEGIN SOLUTION
module = """
from datetime import datetime
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def features(flight):
    if "departs" in flight:
        departs = datetime.fromisoformat(flight["departs"].replace("Z", "+00:00")).astimezone(NEW_YORK)
        miles = flight["km"] / 1.609344
    else:
        departs = datetime.strptime(flight["date"] + flight["sched_dep_time"].zfill(4), "%Y-%m-%d%H%M")
        miles = float(flight["distance"])
    return {"minutes": departs.hour * 60 + departs.minute, "weekday": departs.weekday(), "miles": round(miles)}
"""
### END SOLUTION

# %% check="m03_2_ex4"
check("m03_2_ex4", module=module)

# %% [markdown]
# ## In this notebook we have
#
# - queried the versions of an offline store;
# - seen a leak that promised the best AUC and served the worst;
# - joined each ask with the version that was valid then, and found where the SDK's builder does not;
# - compared what a service was asked with what training would have given, and priced the differences;
# - let one function compute features for history and requests.
#
# ## Recall
#
# 1. Which version belongs to a training row, and what is the rule called?
# 2. Why does a test table not show that it was joined wrongly?
# 3. What does the dataset builder do to records that were deleted later?
# 4. In which order do you look for skew, and how do you price it?
# 5. What guarantees that training and service compute a feature in the same way?
#
# <details><summary>Answers</summary>
#
# - 1: the newest whose event time is not after the row's time: point-in-time correct.
# - 2: it has the same fault as the training table; only what is served shows it.
# - 3: it drops their versions for earlier asks, too.
# - 4: compare captured values with values as of T first; then restore one, leave the others as captured.
# - 5: one function that both import. Feature Store keeps values and runs no transformation.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# from sagemaker.feature_store.feature_group import FeatureGroup
# from sagemaker.feature_store.feature_store import FeatureStore
# from sagemaker.session import Session
#
# session = Session()
# query = FeatureGroup(group, session).athena_query()
# query.run(f'SELECT * FROM "{query.table_name}"', f"{folder}/athena")
# query.wait()
# print(len(query.as_dataframe()))
# builder = FeatureStore(session).create_dataset(
#     asks,
#     output_path=f"{folder}/datasets",
#     record_identifier_feature_name="question",
#     event_time_identifier_feature_name="asked_at",
# )
# builder.with_feature_group(FeatureGroup(planes, session), "plane").point_in_time_accurate_join()
# rows, sql = builder.with_number_of_recent_records_by_record_identifier(1).to_dataframe()
# print(rows)
# ```
#
# ## Clean up
#
# Deleting a group does not delete its offline files and its Athena table. Both cost little; still, delete unused ones.

# %%
for name in (group, planes):
    FeatureGroup.get(name).delete()
drop_tables(aws)
aws.cleanup()

# %% [markdown]
# ## Next
#
# Features are in order; now a model learns from them: [training with built-in algorithms](../m04_training/m04_1_builtin_xgboost.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
