# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive

# %% [markdown]
# # Who did what
#
# On Monday somebody deleted the model that a roll-back needed. On Tuesday an access key of the team was found in a public notebook. Now people ask us four
# questions. The team's lead asks: *who was it?* The data protection officer asks: *what did the key reach?* The engineer on call asks: *how do I hear of the next one
# at once?* And everybody asks: *how did the key get out?*
#
# **By the end you can**
#
# - find the person behind a session, by the event history (exercise 13.3.1)
# - list what a leaked key and its sessions reached, by a trail (exercise 13.3.2)
# - write a rule that tells you of the next incident, and of nothing else (exercise 13.3.3)
# - take a key out of a job, and let only this job's role read it (exercise 13.3.4)
#
# **Prerequisites**: roles, sessions and policies, in [who may do what](m13_1_who_may_do_what.ipynb).
#
# **Time**: 70 minutes.
#
# **Services**: CloudTrail, S3, Athena, EventBridge, SQS, Config, Secrets Manager, IAM, STS, SageMaker.
#
# **Cost**: \$0 here. On AWS less than 10 cents: data events and Config cost a little. There you need the rights to make users, roles and trails.
#
# **AWS's facts**: the event history goes back {fact:cloudtrail-history-days} days, in one region, and has management events only. An event comes about
# {fact:cloudtrail-minutes} minutes after its call, sometimes 15. Which calls count as an alarm in exercise 13.3.3 is this course's choice.
#
# ## Set up

# %%
import gzip
import json

from given import access, incident
from given.athena_query import query

from course import check, connect, hint, judge

aws = connect("m13_3")
sagemaker, s3 = aws.client("sagemaker"), aws.client("s3")
cloudtrail, events = aws.client("cloudtrail"), aws.client("events")
print(aws)

# %% [markdown]
# `OBJECTS` is how many files the thief reads.

# %% tags=["parameters"]
OBJECTS = 4

# %% [markdown]
# ## From a session to a person
#
# In the first notebook CloudTrail said `marco`, and we believed it. But Marco says that it was not he. We play Monday once more, with what nobody saw: Dana, a
# user, assumes the role of the team, and calls her session `marco`.

# %%
deleting = {"Effect": "Allow", "Action": ["sagemaker:DeleteModel", "s3:*"], "Resource": "*"}
team = access.role(aws, "team", access.document(deleting))
dana = incident.user(aws, "dana", "sts:AssumeRole", "s3:GetObject")


def model(**options) -> str:
    name, container = aws.unique("late-flights"), {"Image": aws.image("xgboost", "3.0-5")}
    named = {"ModelName": name, "ExecutionRoleArn": aws.role}
    sagemaker.create_model(**named, PrimaryContainer=container, **options)
    return name


lost = model()
session = access.session(dana, team, RoleSessionName="marco")
print(access.answer(session.client("sagemaker").delete_model, ModelName=lost))

# %% [markdown]
# *CloudTrail* writes a *record* of each call. `LookupEvents` finds records by one attribute, newest first, at most 50 at a time. A *paginator* asks again until it
# has all. (On AWS the list is empty until the events come. Then run this cell again.)


# %%
def records(key: str, value: str) -> list[dict]:
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    pages = cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=asked)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


deletion = records("ResourceName", lost)[0]
who = deletion["userIdentity"]
print(deletion["eventTime"], deletion["eventID"], deletion["eventName"], deletion.get("errorCode"))
print(json.dumps(who, indent=1))

# %% [markdown]
# What to notice in `userIdentity`:
#
# - `arn` ends with `marco`. That is the name of the session, and the caller chose it. It proves nothing.
# - `sessionContext.sessionIssuer.arn` is the role.
# - `accessKeyId` is the temporary key of this one session. It begins with `ASIA`; a user's long-term key begins with `AKIA`.
#
# So who got this temporary key? The answer of `AssumeRole` is in its record, without the secrets:

# %%
for record in records("ResourceName", who["accessKeyId"]):
    made = record["responseElements"]["credentials"]["accessKeyId"]
    print(record["eventName"], "made", made, "for", record["userIdentity"]["arn"])

# %% [markdown]
# It was Dana. A session can also assume a role. Then the caller of `AssumeRole` is a session again, and we ask once more. AWS calls this *role chaining*.
#
# A call that failed has a record, too. It has an `errorCode`, and `responseElements` is null. `requestParameters` can also be null then.

# %% [markdown] exercise="m13_3_ex1"
# Write `deleted_by(model)`. It finds the last deletion of a model that succeeded, and returns a `dict`:
#
# | key | value |
# |---|---|
# | `person` | the ARN of the user at the start of the chain |
# | `role` | the ARN of the role that deleted the model; `None` if the user did it without a role |
# | `access_key` | the id of this user's long-term key that was used |
# | `event` | the `eventID` of the deletion |
#
# The chain may have several roles. Calls may have failed. A model may have been deleted, made again, and deleted. More than 50 events may have come since. You
# may use `records`.
#
# An example: of `deleted_by(lost)` the `person` is Dana's user, the `role` is `team`'s ARN, and the `access_key` is hers and begins with `AKIA`. The check lets
# other people delete models in the account, and asks you about each model.


# %% answer="m13_3_ex1"
def deleted_by(model: str) -> dict:
    """Who deleted a model, as which role, with which access key."""
    ### BEGIN SOLUTION
    found = [each for each in records("ResourceName", model) if each["eventName"] == "DeleteModel"]
    deletion = next(each for each in found if "errorCode" not in each)
    identity = deletion["userIdentity"]
    role = identity["sessionContext"]["sessionIssuer"]["arn"] if identity["type"] == "AssumedRole" else None
    while identity["type"] == "AssumedRole":
        opened = records("ResourceName", identity["accessKeyId"])
        identity = next(each for each in opened if each["eventName"] == "AssumeRole")["userIdentity"]
    return {"person": identity["arn"], "role": role, "access_key": identity["accessKeyId"], "event": deletion["eventID"]}
    ### END SOLUTION


# %% check="m13_3_ex1"
check("m13_3_ex1", deleted_by=deleted_by)

# %% [markdown]
# ## What a key was used for
#
# Dana's access key was in the public notebook. To read an object is a *data event*: the event history does not have it. A *trail* writes records to a bucket, where
# you keep them as long as you want. It has data events if you ask for them by a *selector*. We ask for those of our objects:

# %%
logs, trail = incident.log_bucket(aws), aws.unique("all-calls")
cloudtrail.create_trail(Name=trail, S3BucketName=logs, IsMultiRegionTrail=True)
objects = {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{aws.bucket}/{aws.prefix}/"]}
selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [objects]}
cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[selector])
cloudtrail.start_logging(Name=trail)
print(cloudtrail.get_trail_status(Name=trail)["IsLogging"])

# %% [markdown]
# A trail shows nothing from before it was made. So make it before you need it.
#
# Now the thief comes, with Dana's key. He reads two files. He assumes the role of the team, and reads the others as this role. Then he deletes one: with the key he
# may not, as the role he may.

# %%
names = [f"{aws.prefix}/passengers/{number}.csv" for number in range(OBJECTS)]
for name in names:
    s3.put_object(Bucket=aws.bucket, Key=name, Body=b"name,seat\n")
as_dana = dana.client("s3")
as_team = access.session(dana, team, RoleSessionName="nightly").client("s3")
for name in names[:2]:
    print(access.answer(as_dana.get_object, Bucket=aws.bucket, Key=name))
for name in names[2:]:
    print(access.answer(as_team.get_object, Bucket=aws.bucket, Key=name))
for client in (as_dana, as_team):
    print(access.answer(client.delete_object, Bucket=aws.bucket, Key=names[-1])[:60])

# %% [markdown]
# A trail writes its *log files* every few minutes. The local AWS has a clock that we can move on. (On AWS wait about 10 minutes, and run the next two cells again
# until files are there.)

# %%
if aws.local:
    aws.local.advance(6 * 60)
place = f"s3://{logs}/AWSLogs/{aws.account}/CloudTrail/"
folder = place.removeprefix(f"s3://{logs}/")
for file in s3.list_objects_v2(Bucket=logs, Prefix=folder).get("Contents", []):
    text = gzip.decompress(s3.get_object(Bucket=logs, Key=file["Key"])["Body"].read())
    print(file["Key"].removeprefix(folder), len(json.loads(text)["Records"]), "records")

# %% [markdown]
# Each file is JSON, compressed by gzip. Records are in no order, and one may come twice. You can read the files in Python, or ask *Athena*. `incident.table`
# makes a table over a trail's files, with some columns of AWS's own table, under their names:

# %%
table = incident.table(aws, place)
sql = f"""SELECT useridentity.accesskeyid AS key, eventname, errorcode, resource.arn
FROM {table} CROSS JOIN UNNEST(resources) AS t(resource)
WHERE eventsource = 's3.amazonaws.com' AND resource.type = 'AWS::S3::Object'
AND eventname LIKE '%Object' AND useridentity.arn LIKE '%/{team}/%'"""
print(query(aws, sql).to_string(index=False))

# %% [markdown]
# What to notice:
#
# - The element `resources` has the ARN of the object. `requestParameters` has its `key`.
# - The query asks for a *role*. It would also show the sessions of honest people, if there were any.
# - To follow the leaked key we need the records of `AssumeRole`. In the table, `requestparameters` and `responseelements` are text with JSON:
#   `json_extract_scalar(responseelements, '$.credentials.accessKeyId')`.

# %% [markdown] exercise="m13_3_ex2"
# Write `reached(place, access_key)`. `place` is the folder of a trail's log files, such as `"s3://logs/AWSLogs/123456789012/CloudTrail/"`. It returns the list of
# all pairs `[event name, object ARN]` that the leaked key reached, such as `["GetObject", "arn:aws:s3:::lake/flights/7.csv"]`. Each pair is there once.
#
# | counts | does not count |
# |---|---|
# | calls with `access_key` | calls with another key of the same user |
# | calls of sessions that it opened | other sessions of the same role |
# | calls of sessions that these opened, and so on | calls that failed |
# | `GetObject`, `HeadObject`, `PutObject`, `DeleteObject` | `ListObjects`: it lists a bucket |
#
# Use Python or Athena. The check writes files with records of AWS's form, and hands you their place.


# %% answer="m13_3_ex2"
def reached(place: str, access_key: str) -> list:
    """The pairs of event and object that a key and its sessions reached."""
    ### BEGIN SOLUTION
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    done = []
    for file in (each for page in pages for each in page.get("Contents", [])):
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read())
        done += [each for each in json.loads(text)["Records"] if "errorCode" not in each]
    keys, new = set(), {access_key}
    while new:
        keys |= new
        mine = [each for each in done if each["userIdentity"].get("accessKeyId") in keys]
        opened = [each["responseElements"]["credentials"] for each in mine if each["eventName"] == "AssumeRole"]
        new = {each["accessKeyId"] for each in opened} - keys
    touched = [each for each in mine if "key" in (each["requestParameters"] or {})]
    pairs = {(each["eventName"], each["resources"][0]["ARN"]) for each in touched}
    return [list(pair) for pair in pairs]
    ### END SOLUTION


# %% check="m13_3_ex2"
check("m13_3_ex2", reached=reached)

# %% [markdown]
# ## How it is now
#
# Before the alarm, one more question: is anything open now? CloudTrail says who did what. *Config* says how things are now. A *managed rule* of Config checks resources, and calls each compliant or not. It needs a
# *recorder*, which notes the settings of resources:

# %%
incident.recorder(aws, logs)
model()
rules = {aws.unique("trail-on"): "CLOUD_TRAIL_ENABLED"}
rules[aws.unique("isolated")] = "SAGEMAKER_MODEL_ISOLATION_ENABLED"
for name, identifier in rules.items():
    source = {"Owner": "AWS", "SourceIdentifier": identifier}
    aws.client("config").put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source})
for name, found in incident.findings(aws, list(rules)).items():
    print(rules[name], found)

# %% [markdown]
# The account has a trail that is on. Our model may use the network, because nobody set `EnableNetworkIsolation`. Config says what is wrong. Who made it so is in
# CloudTrail, in the record of `CreateModel`.
#
# ## Hear of the next one
#
# *EventBridge* gets the record of each call that changes something, if a trail is on. A *rule* has an *event pattern*, and sends the events that match to a
# *target*. Ours is a queue of the engineer on call:

# %%
source = {"source": ["aws.sagemaker"], "detail-type": ["AWS API Call via CloudTrail"]}
pattern = source | {"detail": {"eventName": ["DeleteModel"]}}
rule = aws.unique("hear")
events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
queue = incident.inbox(aws, rule)
for client in (session.client("sagemaker"), dana.client("sagemaker")):
    access.answer(client.delete_model, ModelName=model())
for record in incident.received(aws, queue, 2):
    print(record["eventName"], record["userIdentity"]["type"], record.get("errorCode"))

# %% [markdown]
# The rule also hears of calls that were refused. (On AWS the events come some seconds later.) The record is in `detail`. A pattern has a list for each field. One
# entry of the list must match, and all fields must match:
#
# | in the list of a field | matches |
# |---|---|
# | `"text"` | this value |
# | `{"anything-but": "text"}` | any other value, if the field is there |
# | `{"exists": False}` | a field that is not there |
# | `{"prefix": "text"}` | a value that begins so |
#
# `"$or"` may stand beside the fields, at any level, such as inside `detail`. Its list has patterns: one of them must match, and all fields beside it. A record also
# has an `eventSource`, such as `sagemaker.amazonaws.com`. `test_event_pattern` tries a pattern without a rule, on an event as a JSON text:
#
# ```python
# event = {"id": "1", "account": aws.account, "time": "2026-01-05T10:00:00Z", "region": aws.region, "resources": []}
# event |= {"source": "aws.sagemaker", "detail-type": "AWS API Call via CloudTrail", "detail": record}
# events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
# ```

# %% [markdown] exercise="m13_3_ex3"
# Write `alarm_pattern(deploy_role)`, which returns an event pattern, a `dict`. `deploy_role` is the ARN of the role that may delete models. It matches the events
# of this table, and no others:
#
# | service | calls | by | which |
# |---|---|---|---|
# | SageMaker | `DeleteModel`, `DeleteEndpoint` | anybody but the deploy role: other roles, users, root | succeeded |
# | CloudTrail | `StopLogging`, `DeleteTrail`, `UpdateTrail`, `PutEventSelectors` | anybody, the deploy role, too | succeeded or refused |
#
# Other services have a `DeleteModel`, too. And a program can send an event of its own with the same `detail`, but with no `source` that begins with `aws.`: so the
# pattern must check `source` as well. The check tests your pattern on new events.


# %% answer="m13_3_ex3"
def alarm_pattern(deploy_role: str) -> dict:
    """A pattern of events that somebody should hear of."""
    ### BEGIN SOLUTION
    other = [{"anything-but": deploy_role}, {"exists": False}]
    deletion = {
        "eventSource": ["sagemaker.amazonaws.com"],
        "eventName": ["DeleteModel", "DeleteEndpoint"],
        "errorCode": [{"exists": False}],
        "userIdentity": {"sessionContext": {"sessionIssuer": {"arn": other}}},
    }
    weaker = {
        "eventSource": ["cloudtrail.amazonaws.com"],
        "eventName": ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"],
    }
    return {
        "source": ["aws.sagemaker", "aws.cloudtrail"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"$or": [deletion, weaker]},
    }
    ### END SOLUTION


# %% check="m13_3_ex3"
check("m13_3_ex3", alarm_pattern=alarm_pattern)

# %% [markdown]
# Somebody who may stop the trail can hide. Give this right to few people. Let the trail write to a bucket of another account, where they cannot change its files.
#
# ## How the key got out
#
# The key stood in no code. Dana had set it as an environment variable of a Processing job, because her program called AWS with it. `DescribeProcessingJob` shows
# the environment, and a colleague printed a description in the public notebook. Dana's program did not need this key: a job has its role. But some jobs need a key
# for a service outside AWS, such as a paid weather service. *Secrets Manager* keeps such a key, and a job gets only the name of the *secret*. The job's role
# needs the right to read it:

# %%
secrets, name = aws.client("secretsmanager"), aws.unique("weather")
secret = secrets.create_secret(Name=name, SecretString="first key")["ARN"]
reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
role = access.role(aws, "reader", access.document(reading))
reader = access.session(aws, role).client("secretsmanager")
print(secret, reader.get_secret_value(SecretId=name)["SecretString"], sep="\n")
secrets.put_secret_value(SecretId=name, SecretString="second key")
print(reader.get_secret_value(SecretId=name)["SecretString"])
print(access.answer(reader.delete_secret, SecretId=name))

# %% [markdown]
# What to notice:
#
# - The ARN ends with a hyphen and six characters that AWS chooses. A policy with the name alone matches nothing. With `-*` it also matches secrets whose names
#   begin like this one.
# - The secret got a new value, and nothing else had to change. So if the weather service's key leaks, you put its new key there, and the job goes on.

# %% [markdown] exercise="m13_3_ex4"
# Write `hide(request)`. `request` is one of `CreateProcessingJob`, with the key of a weather service in `Environment["WEATHER_KEY"]`. The function returns a
# request for the same job:
#
# | what | after `hide` |
# |---|---|
# | the key | is the whole value of a new secret, and nowhere in the request |
# | `Environment["WEATHER_SECRET"]` | has the name of the secret. The job's program reads its key there |
# | the job's role, `RoleArn` | may read this secret, and do nothing else in Secrets Manager. What it could do before, it still can |
#
# Some requests have the key once more, in one of the `ContainerArguments`, such as `--key=<the key>`. The program needs its other arguments, but not this one. A
# request has, among others:
#
# ```python
# {"ProcessingJobName": ..., "RoleArn": ..., "Environment": {"STATION": "JFK", "WEATHER_KEY": "<the key>"},
#  "AppSpecification": {"ImageUri": ..., "ContainerArguments": ["--day=2013-01-05", "--key=<the key>"]}}
# ```
#
# The role has an inline policy called `own`, which must stay. The ARN of the role has a path before the name,
# as roles from SageMaker's console have: `...:role/service-role/<name>`.
#
# The check runs the jobs of two teams, with different keys.


# %% answer="m13_3_ex4"
def hide(request: dict) -> dict:
    """A request for the same job, whose key is in Secrets Manager."""
    ### BEGIN SOLUTION
    environment, program = dict(request["Environment"]), dict(request["AppSpecification"])
    key, name = environment.pop("WEATHER_KEY"), f"{request['ProcessingJobName']}-key"
    arn = secrets.create_secret(Name=name, SecretString=key)["ARN"]
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    role = request["RoleArn"].rpartition("/")[2]
    policy = {"PolicyName": "weather-key", "PolicyDocument": access.document(reading)}
    aws.client("iam").put_role_policy(RoleName=role, **policy)
    program["ContainerArguments"] = [each for each in program["ContainerArguments"] if key not in each]
    environment["WEATHER_SECRET"] = name
    return request | {"Environment": environment, "AppSpecification": program}
    ### END SOLUTION


# %% check="m13_3_ex4"
check("m13_3_ex4", hide=hide)

# %% [markdown]
# The old key is still valid, and old descriptions still show it. So replace it at the weather service, too. A role needs no keys at all inside AWS: use secrets for
# what is outside.
#
# ## In this notebook we have
#
# - followed access keys from a session to a person;
# - made a trail with data events, and read its files with Python and with Athena;
# - let Config say what is not as it should be;
# - written a rule that hears of deletions, and of a weaker trail;
# - moved a key from a job's description to Secrets Manager.
#
# ## Recall
#
# 1. A record's ARN ends with the name of a colleague. Was it this colleague?
# 2. You made a trail today. Can it tell which objects were read last week?
# 3. Why does a policy for a secret need its ARN, and not its name?
# 4. Why does `anything-but` on the role not match a user?
# 5. A model has no network isolation. Which service tells you so, and which tells you who made it?
#
# <details><summary>Answers</summary>
#
# - 1: not for sure: the caller chooses a session's name. Follow the access key.
# - 2: no: a trail begins when it is made, and the event history has no data events.
# - 3: the ARN ends with six characters that are not in the name.
# - 4: a user's record has no `sessionIssuer`, and `anything-but` needs the field.
# - 5: Config; and CloudTrail, by the record of `CreateModel`.
#
# </details>
#
# ## Clean up
#
# A trail, Config and a secret cost money until they are deleted. So we delete them. We also delete the users with their keys. Secrets that you made while you tried
# `hide` you delete yourself.

# %%
secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
print(incident.delete(aws))
aws.cleanup()

# %% [markdown]
# ## Next
#
# Go on with what all of this costs on AWS: [read the bill](../m14_cost/m14_1_read_the_bill.ipynb).
#
# `course progress`, in a terminal, shows what is judged right so far and where to go on.
