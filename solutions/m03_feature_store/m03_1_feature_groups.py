# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # The same features in training and in service
#
# A model says two hours before departure whether a flight will be late. Its best feature is the state of the airport: how late the planes of the last two
# hours left. Training computes it from a table of the whole year. The service has no such table: it needs the current value, within milliseconds. If the two
# programs disagree, the predictions get worse, and no error is raised. A *feature store* keeps each value with the time at which it became known.
#
# **By the end you can**
#
# - design feature groups: which features, which identifier, which event time (exercise 3.1.1)
# - make the online and the offline store agree after an outage (exercise 3.1.2)
# - find a feature of another team, and extend its group (exercise 3.1.3)
# - let a service read what it needs, and no more (exercise 3.1.4)
#
# **Prerequisites**: [what is known at prediction time](../m02_data_preparation/m02_1_prediction_time.ipynb).
#
# **Time**: 70 minutes.
#
# **Services**: SageMaker Feature Store, S3, Glue, Athena, IAM.
#
# **Cost**: \$0 here. On AWS less than 5 cents: some thousand requests, and a few MB stored and queried.
#
# ## Set up

# %%
import json
import logging
from datetime import UTC, datetime

import pandas as pd
from botocore.exceptions import ClientError
from given import features, past
from given.records import client_of, feature_values, offline, offline_when, plain, wait_created

from course import check, connect, hint, judge

aws = connect("m03_1")  # before the imports of the SDK, which need to know the region
from sagemaker.core.shapes import Tag
from sagemaker.mlops.feature_store import (
    FeatureGroup,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    ingest_dataframe,
    load_feature_definitions_from_dataframe,
)

logging.disable(logging.WARNING)  # the SDK reports every step
sagemaker, store = aws.client("sagemaker"), aws.client("sagemaker-featurestore-runtime")
aws

# %% [markdown]
# We follow one flight: Envoy (`MQ`) 3433 from JFK to Washington on 10 July, scheduled for 15:10 in New York, 19:10 in UTC.

# %% tags=["parameters"]
DAY = "2013-07-10"
CARRIER, NUMBER, ORIGIN = "MQ", 3433, "JFK"

# %% [markdown]
# ## One feature, three values
#
# `features.airport_state` computes the state of each airport every half hour. Below is one feature, "mean delay of departures at JFK", computed in
# three ways that all look sensible.

# %%
flown = features.flights(aws.data("flights"), months=(7, 7))
state = features.airport_state(flown)
local_day = flown.departs.dt.tz_convert(features.NEW_YORK).dt.strftime("%Y-%m-%d")
today = flown[local_day == DAY]
same = (today.carrier == CARRIER) & (today.flight == NUMBER) & (today.origin == ORIGIN)
flight = today[same].iloc[0]
asked_at = flight.asked_at.strftime(features.FORMAT)
departs = flight.departs.strftime(features.FORMAT)


def newest(table: pd.DataFrame, until: str) -> pd.Series:
    """The last row of an airport that was known at a time."""
    return table[(table.origin == ORIGIN) & (table.event_time <= until)].iloc[-1]


three = {
    "mean of the whole day": today[today.origin == ORIGIN].dep_delay.mean(),
    f"known at departure, {departs}": newest(state, departs).mean_delay_2h,
    f"known when asked, {asked_at}": newest(state, asked_at).mean_delay_2h,
}
print(*(f"{value:6.1f} minutes  {name}" for name, value in three.items()), sep="\n")
print(f"The flight to {flight.dest} left {flight.dep_delay:.0f} minutes late.")

# %% [markdown]
# The first is a leak (see the prerequisite): it contains the evening. The second is a leak of two hours. Only the third exists when the service is asked.
#
# All three values have the same name and unit, so a test of types sees no difference. A time beside each value shows it. A feature store adds this
# time. It transforms nothing: both programs should import the same function, here from `given/features.py`.
#
# ## Groups, identifiers, event times
#
# A *feature group* is a table with a schema. One feature is the *record identifier* (whose values are these?), one the *event time* (when did they become
# known?). A group has an online store, an offline store, or both:
#
# | | online store | offline store |
# |---|---|---|
# | holds | the newest record of each identifier | every record that was ever written |
# | is asked by | identifier, in milliseconds | SQL, in seconds |
# | is for | predictions | training, audits |
#
# Features that change at the same pace and belong to the same thing share a group. We make four: `weather` and `airport-state` of an airport,
# `planes` of a plane (by its tail number), `carrier-day` of an airline. A flight can have features, too. Do airline, number and day identify it?

# %%
year = features.flights(aws.data("flights"))
day = year.departs.dt.tz_convert(features.NEW_YORK).dt.date
for identifier in (["carrier", "flight"], ["carrier", "flight", "origin"]):
    repeated = year.assign(day=day).duplicated([*identifier, "day"]).sum()
    print(f"{repeated:3} of {len(year):,} flights repeat {' + '.join(identifier)} + day")

# %% [markdown]
# With the first identifier, 24 flights would silently overwrite another one: the online store keeps one record for each identifier. An identifier
# is *one* feature, so several columns become one text, such as `WN-2269-LGA-2013-06-08`.
#
# The event time is a number of Unix seconds (`Fractional`), or ISO 8601 text in UTC (`String`), as here. It says when values became *known*. The weather of
# 16:00 is published at 17:00, so its event time is 17:00.
#
# ### Create them
#
# The SDK reads names and types from a table: whole numbers become `Integral`, other numbers `Fractional`, the rest `String`.

# %%
planes = features.planes(aws.data("planes"))
tables = {
    "weather": features.weather(aws.data("weather")),
    "airport-state": state,
    "carrier-day": features.carrier_day(flown),
    "planes": planes[planes.tailnum.isin(today[today.origin == ORIGIN].tailnum)],
}
keys = {"weather": "origin", "airport-state": "origin"}
keys |= {"carrier-day": "carrier", "planes": "tailnum"}
groups = {name: aws.unique(name) for name in tables}
files = S3StorageConfig(s3_uri=f"s3://{aws.bucket}/{aws.prefix}/offline")
online = OnlineStoreConfig(enable_online_store=True)
both_stores = {"role_arn": aws.role, "online_store_config": online}
both_stores["offline_store_config"] = OfflineStoreConfig(s3_storage_config=files)
for name, table in tables.items():
    FeatureGroup.create(
        feature_group_name=groups[name],
        record_identifier_feature_name=keys[name],
        event_time_feature_name="event_time",
        feature_definitions=load_feature_definitions_from_dataframe(table),
        **both_stores,
    )
wait_created(aws, *groups.values())
weather_group = FeatureGroup.get(groups["weather"])
[(one.feature_name, one.feature_type) for one in weather_group.feature_definitions]

# %% [markdown]
# Creating takes a moment: a group is `Creating`, then `Created`, or `CreateFailed` with a reason. Afterwards you can add features. Identifier, event time and
# existing features never change.
#
# ### Fill them
#
# We write what is known when the model is asked: the newest records of each identifier, at most 20.
# `ingest_dataframe` takes a table, writes each row (`PutRecord`, here four at a time), and leaves out gaps (NaN). The newest SDKs can send 25 records
# a request (`BatchWriteRecord`), with `use_batch_write_record=True`.
#
# The last lines call `PutRecord` as a service would: each value is text, and the group knows its type. A success has status 200 and no body.

# %%
for name, table in tables.items():
    known = table[table.event_time <= asked_at].groupby(keys[name]).tail(20)
    ingest_dataframe(groups[name], known, max_workers=4)
    print(f"{name:14} {len(known):4} records of {known[keys[name]].nunique():3} identifiers")
record = feature_values(newest(state, asked_at).to_dict())
answer = store.put_record(FeatureGroupName=groups["airport-state"], Record=record)
print(*record, answer["ResponseMetadata"]["HTTPStatusCode"], sep="\n")

# %% [markdown]
# A newer record replaces the whole older one: features that the newer one leaves out are then missing.
#
# ## The read before a prediction
#
# The service knows the schedule: airport, airline, tail number. One `BatchGetRecord` asks all four groups at once.

# %%
wanted = {"weather": ORIGIN, "airport-state": ORIGIN}
wanted |= {"carrier-day": CARRIER, "planes": flight.tailnum}
asked = []
for name, identifier in wanted.items():
    asked.append({"FeatureGroupName": groups[name], "RecordIdentifiersValueAsString": [identifier]})
answer = store.batch_get_record(Identifiers=asked)
for found in answer["Records"]:
    print(found["FeatureGroupName"].rsplit("-", 2)[0], plain(found["Record"]))
print("unprocessed:", answer["UnprocessedIdentifiers"], "errors:", answer["Errors"])

# %% [markdown]
# Three records came for four identifiers. The plane is missing, without an error: the group `planes` does not have it. The answer leaves out missing records.
# So the service must count, and must know what the model gets instead (what it got in training, such as NaN).
# `UnprocessedIdentifiers` means something else: AWS did not look for them, so ask again.

# %% [markdown]
# ## A new feed
#
# The airports send messages. Each describes one flight, and the security queue of its terminal. `departs` is the expected departure: it
# becomes later, and earlier again.

# %%
about = {"carrier": "WN", "flight": 2269, "day": "2013-06-08", "terminal": "B"}
messages = [
    {"sent_at": "2013-06-08T08:10:00Z", "origin": "LGA", "departs": "2013-06-08T10:40:00Z"},
    {"sent_at": "2013-06-08T08:40:00Z", "origin": "LGA", "departs": "2013-06-08T10:00:00Z"},
    {"sent_at": "2013-06-08T18:05:00Z", "origin": "EWR", "departs": "2013-06-08T19:40:00Z"},
]
news = [("07", 12, 9.5), (None, 61, 14.0), ("31", 40, None)]
for message, values in zip(messages, news, strict=True):
    message |= about | dict(zip(("gate", "checked_in", "queue_minutes"), values, strict=True))
pd.DataFrame(messages)

# %% [markdown] exercise="m03_1_ex1"
# Two services will ask the online store: one for a *flight* (its newest `gate` and `checked_in`), one for a *terminal* of an airport (its newest
# `queue_minutes`, from any flight). Messages arrive in any order. Make
#
# - `requests`: `{"flight": {...}, "terminal": {...}}`, for each group the members `RecordIdentifierFeatureName`, `EventTimeFeatureName` and
#   `FeatureDefinitions` of `create_feature_group`;
# - `to_records(message)`: a `dict` with the same keys, each with the record to write, such as `{"gate": "07", ...}`; leave a group out when the message
#   must not change it.
#
# What the newest message of a flight lacks (`None`), even both values, must be missing. A queue that is `None` was not measured: the older value
# stays. A gate is text: `"07"` is not `"7"`. The check creates both groups, writes the records and reads them by identifier.

# %% answer="m03_1_ex1"
requests = ...  # TODO: {"flight": {...}, "terminal": {...}}


def to_records(message: dict) -> dict:
    """The records to write for a message, by group."""
    ### BEGIN SOLUTION
    identifier = "-".join(str(message[name]) for name in ("carrier", "flight", "origin", "day"))
    known = {name: message[name] for name in ("gate", "checked_in") if message[name] is not None}
    records = {"flight": {"flight_id": identifier, "sent_at": message["sent_at"], **known}}
    if message["queue_minutes"] is not None:
        records["terminal"] = {"terminal_id": f"{message['origin']}-{message['terminal']}"}
        records["terminal"] |= {name: message[name] for name in ("sent_at", "queue_minutes")}
    return records
    ### END SOLUTION


### BEGIN SOLUTION
types = {"flight_id": "String", "terminal_id": "String", "sent_at": "String", "gate": "String"}
types |= {"checked_in": "Integral", "queue_minutes": "Fractional"}
members = {"flight": ["flight_id", "sent_at", "gate", "checked_in"], "terminal": ["terminal_id", "sent_at", "queue_minutes"]}
requests = {
    group: {
        "RecordIdentifierFeatureName": names[0],
        "EventTimeFeatureName": "sent_at",
        "FeatureDefinitions": [{"FeatureName": name, "FeatureType": types[name]} for name in names],
    }
    for group, names in members.items()
}
### END SOLUTION

# %% check="m03_1_ex1"
check("m03_1_ex1", requests=requests, to_records=to_records)

# %% [markdown]
# ## Late, twice, deleted
#
# Records may arrive in another order than they were made. For LGA we write the state of 18:00, then, late, that of 17:30.

# %%
airport, state_group = "LGA", groups["airport-state"]


def put(event_time: str, delay: float, **more) -> None:
    record = {"origin": airport, "event_time": event_time, "mean_delay_2h": delay}
    store.put_record(FeatureGroupName=state_group, Record=feature_values(record), **more)


def get() -> dict | None:
    named = {"FeatureGroupName": state_group, "RecordIdentifierValueAsString": airport}
    return plain(store.get_record(**named).get("Record", [])) or None


before = len(offline_when(aws, state_group, 61))  # 60 from the table, one by PutRecord
put("2013-07-10T18:00:00Z", 25.0)
put("2013-07-10T17:30:00Z", 11.0)
print(get())
shown = ["origin", "event_time", "mean_delay_2h", "api_invocation_time", "is_deleted"]
rows = offline_when(aws, state_group, before + 2)[shown]
rows[rows.origin == airport].tail(3)

# %% [markdown]
# Online, the later *event time* won, although it arrived first. Offline, both are kept: history is never overwritten. The offline store lags: on AWS up to
# 15 minutes, here about a second; `offline_when` waits.
#
# Offline, nothing is deduplicated: a record written twice has two rows. Training must choose one, by the time of the request
# (`api_invocation_time`).
#
# ### Delete, and let expire
#
# `DeleteRecord` needs an event time too. A *soft* delete (the default) empties the online record and keeps its time. A *hard* delete removes everything,
# also the time. Below, after each delete, a record of 18:30 arrives late. A record, or a whole group, can have a *TTL* (time to live): when it is over,
# reading returns nothing.

# %%
hours = {"SoftDelete": ("19:00", "20:00"), "HardDelete": ("21:00", "22:00")}
for mode, (written, deleted) in hours.items():
    put(f"2013-07-10T{written}:00Z", 30.0)
    named = {"FeatureGroupName": state_group, "RecordIdentifierValueAsString": airport}
    store.delete_record(**named, EventTime=f"2013-07-10T{deleted}:00Z", DeletionMode=mode)
    gone = get()
    put("2013-07-10T18:30:00Z", 17.0)
    print(f"{mode}: then {gone}, and after the late record {get()}")
rows = offline_when(aws, state_group, before + 8)[shown]  # six requests more
print(rows[rows.origin == airport].tail(6).drop(columns=shown[3]).to_string(index=False))
airport, three_hours = "EWR", {"Unit": "Hours", "Value": 3}
put("2013-07-11T00:00:00Z", 8.0, TtlDuration=three_hours)
print("to expire three hours after July 2013:", get())
put(datetime.now(UTC).strftime(features.FORMAT), 8.0, TtlDuration=three_hours)
print("to expire three hours after now:", get())

# %% [markdown]
# After the soft delete the late record was ignored. After the hard one it was stored: nothing was left to compare it with. So delete hard only what must
# not be kept, and stop the feed first. Offline, both kinds only add a row with `is_deleted`: to forget a person, delete the files too.
#
# A TTL counts from the *event time*, not from the request: the first record had expired in July 2013, before it was written. A TTL suits
# `airport-state`, whose old values should not be served. For `planes`, which never change, it would be a mistake.
#
# ## After an outage
#
# For an hour the writer often failed: some events reached only the online store, some only the offline store, some neither, some both. A journal has
# all events, in no order, and some of them twice. With `TargetStores=["OnlineStore"]` or `["OfflineStore"]`, PutRecord and DeleteRecord write to one store.

# %% [markdown] exercise="m03_1_ex2"
# Write `replay(group, journal)` that writes what is missing. Afterwards GetRecord returns for each identifier what its newest event says, and the
# offline table has **exactly one** row for each event of the journal, with its values. An event is
# `{"id": "JFK", "time": "2013-07-10T18:00:00Z", "values": {"departures_2h": 20, "mean_delay_2h": 25.0}}`; one whose `values` are `None` is a deletion.
# Two entries with the same `id` and `time` are one event. The group has the schema of `airport-state`. `replay` returns the number of events that were
# missing offline, an `int`.
#
# You may use `offline(aws, group)`: the rows that reached the offline store before the call, all values as text. You need not wait until it shows
# your own writes.


# %% answer="m03_1_ex2"
def replay(group: str, journal: list[dict]) -> int:
    """Write the events of a journal that a group does not have."""
    ### BEGIN SOLUTION
    rows = offline(aws, group)
    present = set(zip(rows.origin, rows.event_time, strict=True))
    missing = 0
    for event in journal:
        stores = ["OnlineStore"]
        if (event["id"], event["time"]) not in present:
            present.add((event["id"], event["time"]))
            stores.append("OfflineStore")
            missing += 1
        if event["values"] is None:
            named = {"FeatureGroupName": group, "RecordIdentifierValueAsString": event["id"]}
            store.delete_record(**named, EventTime=event["time"], TargetStores=stores)
        else:
            record = {"origin": event["id"], "event_time": event["time"], **event["values"]}
            store.put_record(FeatureGroupName=group, Record=feature_values(record), TargetStores=stores)
    return missing
    ### END SOLUTION


# %% check="m03_1_ex2"
check("m03_1_ex2", replay=replay)

# %% [markdown]
# ## A group that another team made
#
# Before you build a feature, check whether it exists. Groups have *tags*, which also serve access rules and cost reports. Each feature can have *metadata*: a
# description and up to 25 parameters, your own pairs of key and value. Here we are the ramp team, which measures how long planes taxi. Its
# tag `team` has a value of this run only.

# %%
ramp = aws.unique("ramp-movements")
columns = {"origin": ["JFK"], "event_time": [asked_at], "taxi_out": [23.5]}
FeatureGroup.create(
    feature_group_name=ramp,
    record_identifier_feature_name="origin",
    event_time_feature_name="event_time",
    feature_definitions=load_feature_definitions_from_dataframe(pd.DataFrame(columns)),
    description="Movements on the ramp, every five minutes",
    tags=[Tag(key="team", value=ramp), Tag(key="stage", value="production")],
    **both_stores,
)
wait_created(aws, ramp)
parameters = [{"Key": "unit", "Value": "minutes"}, {"Key": "measure", "Value": ramp}]
sagemaker.update_feature_metadata(
    FeatureGroupName=ramp,
    FeatureName="taxi_out",
    Description="Mean time from gate to take-off in the last hour",
    ParameterAdditions=parameters,
)
first = {name: cell[0] for name, cell in columns.items()}
written = store.put_record(FeatureGroupName=ramp, Record=feature_values(first))

# %% [markdown]
# `Search` finds groups (`FeatureGroup`) and features (`FeatureMetadata`), by name, description, tag or parameter. All filters must hold. On AWS
# it finds new ones after some seconds.
#
# After the search we add the feature `taxi_in`. Updating takes a moment; `LastUpdateStatus` shows when it has ended.


# %%
def search(resource: str, **filters: str) -> list[dict]:
    """What `Search` finds by properties with these values; write `__` for a point in a name."""
    equal = [{"Name": name.replace("__", "."), "Value": value} for name, value in filters.items()]
    expression = {"Filters": [one | {"Operator": "Equals"} for one in equal]}
    pages = sagemaker.get_paginator("search")
    found = pages.paginate(Resource=resource, SearchExpression=expression)
    return [result[resource] for page in found for result in page["Results"]]


for found in search("FeatureGroup", Tags__team=ramp, Tags__stage="production"):
    print("group:  ", found["FeatureGroupName"], found["FeatureGroupStatus"])
for found in search("FeatureMetadata", Parameters__unit="minutes", Parameters__measure=ramp):
    print("feature:", found["FeatureGroupName"], found["FeatureName"], found["Description"])
taxi_in = {"FeatureName": "taxi_in", "FeatureType": "Fractional"}
sagemaker.update_feature_group(FeatureGroupName=ramp, FeatureAdditions=[taxi_in])
wait_created(aws, ramp)
described = sagemaker.describe_feature_group(FeatureGroupName=ramp)
print("update: ", described["LastUpdateStatus"]["Status"])
found = store.get_record(FeatureGroupName=ramp, RecordIdentifierValueAsString="JFK")
print("record: ", plain(found["Record"]))

# %% [markdown]
# Search showed what the feature *is*. Its name alone does not: minutes or seconds, of the last hour or of the day, in production or a trial? So write the
# metadata when you create a feature. Old records do not get a new feature: a training table has gaps there.

# %% [markdown] exercise="m03_1_ex3"
# Write `reuse(need)` that finds the feature which serves a need, and adds another one to its group. A need is, for example,
# `{"parameters": {"measure": "gate-to-gate", "unit": "minutes"}, "tags": {"stage": "production"}, "add": {"name": "p90", "type": "Fractional",
# "description": "...", "parameters": {"owner": "us"}}}`. The feature has all of these *parameters*, its group all of these *tags*, and the group has an online
# store. Exactly one such group exists; the account has others that are nearly right.
#
# When the new feature is in the group, with its description and parameters, it returns the two names found: `{"group": ..., "feature": ...}`. It changes
# nothing else, not even a tag.


# %% answer="m03_1_ex3"
def reuse(need: dict) -> dict:
    """Find the feature that serves a need, and add the new one beside it."""
    ### BEGIN SOLUTION
    found = search("FeatureMetadata", **{f"Parameters__{key}": value for key, value in need["parameters"].items()})
    tagged = search("FeatureGroup", **{f"Tags__{key}": value for key, value in need["tags"].items()})
    online = {one["FeatureGroupName"] for one in tagged if one.get("OnlineStoreConfig", {}).get("EnableOnlineStore")}
    [feature] = [one for one in found if one["FeatureGroupName"] in online]
    group, add = feature["FeatureGroupName"], need["add"]
    addition = {"FeatureName": add["name"], "FeatureType": add["type"]}
    sagemaker.update_feature_group(FeatureGroupName=group, FeatureAdditions=[addition])
    wait_created(aws, group)
    sagemaker.update_feature_metadata(
        FeatureGroupName=group,
        FeatureName=add["name"],
        Description=add["description"],
        ParameterAdditions=[{"Key": key, "Value": value} for key, value in add["parameters"].items()],
    )
    return {"group": group, "feature": feature["FeatureName"]}
    ### END SOLUTION


# %% check="m03_1_ex3"
check("m03_1_ex3", reuse=reuse)

# %% [markdown]
# ## Who may read it
#
# Reading a record is an action on the group's ARN (Amazon Resource Name), its address in AWS. So a policy can allow single groups or, by a
# *condition*, groups with a tag. We make a role for the service, with a policy for one group, and send two requests in this role.


# %%
def document(**statement: object) -> str:
    statements = [{"Effect": "Allow", **statement}]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


iam, role = aws.client("iam"), aws.unique("predictor")
trust = document(Principal={"AWS": aws.account}, Action="sts:AssumeRole")
role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
policy = document(Action="sagemaker:GetRecord", Resource=weather_group.feature_group_arn)
iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=policy)
as_service = client_of(aws, role_arn, "sagemaker-featurestore-runtime")
for name in ("weather", "airport-state"):
    try:
        asked = {"FeatureGroupName": groups[name], "RecordIdentifierValueAsString": ORIGIN}
        print(name, plain(as_service.get_record(**asked)["Record"]))
    except ClientError as error:
        print(name, error.response["Error"]["Code"], error.response["Error"]["Message"])

# %% [markdown]
# The action for writing is `sagemaker:PutRecord`, for reading many `sagemaker:BatchGetRecord`. To read the offline store one needs rights on S3, Glue and
# Athena, and none on the group. So protect the bucket as well.

# %% [markdown] exercise="m03_1_ex4"
# Write `reader_policy(service)` that returns an IAM policy, a `dict`. The service may read records online, one or many at a time: of the groups in
# `service["groups"]` (names), and of every group with the tag `team` equal to `service["team"]`. All are in its own `region` and `account`. It may do nothing else:
# no writing, no deleting, no searching, no other AWS service, no other group, not even one whose name or team begins in the same way.
#
# A service is `{"region": "us-east-1", "account": "123456789012", "groups": ["weather"], "team": "ramp"}`. The ARN of the group is then
# `arn:aws:sagemaker:us-east-1:123456789012:feature-group/weather`. A statement with a tag has the member
# `"Condition": {"StringEquals": {"aws:ResourceTag/team": "ramp"}}`.


# %% answer="m03_1_ex4"
def reader_policy(service: dict) -> dict:
    """The policy of a service that reads."""
    ### BEGIN SOLUTION
    place = f"arn:aws:sagemaker:{service['region']}:{service['account']}:feature-group"
    read = {"Effect": "Allow", "Action": ["sagemaker:GetRecord", "sagemaker:BatchGetRecord"]}
    named = read | {"Resource": [f"{place}/{name}" for name in service["groups"]]}
    tagged = read | {"Resource": f"{place}/*", "Condition": {"StringEquals": {"aws:ResourceTag/team": service["team"]}}}
    return {"Version": "2012-10-17", "Statement": [named, tagged]}
    ### END SOLUTION


# %% check="m03_1_ex4"
check("m03_1_ex4", reader_policy=reader_policy)

# %% [markdown]
# ## In this notebook we have
#
# - seen one feature with three values, of which one can be served;
# - chosen identifiers and event times, and filled four groups by table and by record;
# - read what a prediction needs with one request, and noticed what was missing;
# - met late, repeated, deleted and expired records, online and offline;
# - found, extended and protected a group.
#
# ## Recall
#
# 1. A record arrives whose event time is older than that of the online record. What do the two stores do?
# 2. Weather describes an hour. Why is this hour the wrong event time?
# 3. A service gets three records for four identifiers, and no error. What has happened?
# 4. What can come back after a hard delete, and why not after a soft one?
# 5. Which of these can change after a group was created: identifier, a feature's type, its metadata, the list of features?
#
# <details><summary>Answers</summary>
#
# - 1: online nothing changes; offline it is added.
# - 2: the weather was not known then. A training table would contain it too early: a leak.
# - 3: one identifier has no record, or an expired or deleted one.
# - 4: an older record; a hard delete keeps no event time to compare with.
# - 5: metadata, and the list, which only grows.
#
# </details>
#
# ## The same in version 2 of the SDK
#
# ```python
# import time
#
# import pandas as pd
# from sagemaker.feature_store.feature_group import FeatureGroup
# from sagemaker.session import Session
#
# rows = pd.DataFrame(columns).convert_dtypes()
# group = FeatureGroup(f"{ramp}-2", Session())
# group.load_feature_definitions(rows)
# group.create(
#     s3_uri=f"s3://{aws.bucket}/{aws.prefix}/offline",
#     record_identifier_name="origin",
#     event_time_feature_name="event_time",
#     role_arn=aws.role,
#     enable_online_store=True,
# )
# while group.describe()["FeatureGroupStatus"] == "Creating":
#     time.sleep(1)
# group.ingest(rows, max_workers=1, wait=True)
# print(group.get_record("JFK"))
# group.delete()
# ```
#
# ## Clean up
#
# Deleting a group deletes its online records. Its files in S3 and its table in Glue stay. `drop_tables` deletes the tables; the files are small, but
# billed until you delete them.

# %%
iam.delete_role_policy(RoleName=role, PolicyName="read")
iam.delete_role(RoleName=role)
past.drop_tables(aws)
aws.cleanup()

# %% [markdown]
# ## Next
#
# The offline store has every value with its time. How a training table is made from it, and what a wrong join costs, follows in
# [the past as it was](m03_2_the_past.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
