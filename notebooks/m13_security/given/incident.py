"""Plays the incident of m13_3, looks at what AWS recorded of it, and takes everything down."""

import contextlib
import json
import time
from typing import Any

from botocore.exceptions import ClientError
from given import access
from given.athena_query import query

WAIT = 30  # seconds; on AWS a new access key works after some of them
LONGEST, LOOK_EVERY = 60, 0.2  # seconds
# The columns of "Create a table for CloudTrail logs in Athena" (Athena user guide) that this lesson needs, with AWS's names and types.
COLUMNS = """
    useridentity STRUCT<type: STRING, arn: STRING, accesskeyid: STRING, username: STRING,
        sessioncontext: STRUCT<sessionissuer: STRUCT<arn: STRING, username: STRING>>>,
    eventtime STRING, eventsource STRING, eventname STRING, awsregion STRING,
    errorcode STRING, errormessage STRING, requestparameters STRING, responseelements STRING,
    eventid STRING, readonly STRING,
    resources ARRAY<STRUCT<arn: STRING, accountid: STRING, type: STRING>>,
    eventtype STRING, recipientaccountid STRING"""


def user(aws: Any, name: str, *actions: str) -> Any:
    """Make a user who may do these actions, with an access key. Returns `aws` with the rights of this user."""
    iam, named = aws.client("iam"), aws.unique(name)
    iam.create_user(UserName=named)
    policy = access.document({"Effect": "Allow", "Action": actions, "Resource": "*"})
    iam.put_user_policy(UserName=named, PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName=named)["AccessKey"]
    other = aws.with_keys(key)
    for _ in range(WAIT):
        with contextlib.suppress(ClientError):
            other.client("sts").get_caller_identity()
            break
        time.sleep(1)
    return other


def key_id(person: Any) -> str:
    """The id of the access key with which a connection signs."""
    return person.boto.get_credentials().access_key


def log_bucket(aws: Any) -> str:
    """Make a bucket to which CloudTrail may write. Returns its name."""
    name, service = access.bucket(aws, "trail"), {"Service": "cloudtrail.amazonaws.com"}
    arn, s3 = f"arn:aws:s3:::{name}", aws.client("s3")
    look = {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn}
    write = {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject"}
    write["Resource"] = f"{arn}/AWSLogs/{aws.account}/*"
    write["Condition"] = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    s3.put_bucket_policy(Bucket=name, Policy=access.document(look, write))
    return name


def table(aws: Any, place: str) -> str:
    """Make an Athena table over the log files at a place. Returns its full name."""
    database = aws.unique("trail").replace("-", "_")
    aws.client("glue").create_database(DatabaseInput={"Name": database})
    query(
        aws,
        f"""CREATE EXTERNAL TABLE {database}.logs ({COLUMNS})
        ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
        STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
        OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
        LOCATION '{place}'""",
    )
    return f"{database}.logs"


def inbox(aws: Any, rule: str) -> str:
    """A queue that gets the events of a rule. Returns its URL."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName=aws.unique("on-call"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    allowed |= {"Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": access.document(allowed)})
    events.put_targets(Rule=rule, Targets=[{"Id": "on-call", "Arn": arn}])
    return url


def received(aws: Any, url: str, count: int) -> list[dict]:
    """CloudTrail's records in a queue, once there are so many, or after 20 seconds."""
    sqs, found, until = aws.client("sqs"), [], time.monotonic() + 20
    while len(found) < count and time.monotonic() < until:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        found += [json.loads(each["Body"])["detail"] for each in answer.get("Messages", [])]
    return found


def recorder(aws: Any, bucket: str) -> None:
    """Start Config's recorder of models and trails, if the account has none."""
    config = aws.client("config")
    if config.describe_configuration_recorders()["ConfigurationRecorders"]:
        return
    group = {"allSupported": False, "resourceTypes": ["AWS::SageMaker::Model", "AWS::CloudTrail::Trail"]}
    name = aws.unique("recorder")
    made = {"name": name, "roleARN": aws.role, "recordingGroup": group}
    config.put_configuration_recorder(ConfigurationRecorder=made)
    config.put_delivery_channel(DeliveryChannel={"name": name, "s3BucketName": bucket})
    config.start_configuration_recorder(ConfigurationRecorderName=name)


def findings(aws: Any, rules: list[str]) -> dict[str, dict[str, str]]:
    """Evaluate Config rules. Returns what each found: resource -> compliance."""
    config, until = aws.client("config"), time.monotonic() + LONGEST
    config.start_config_rules_evaluation(ConfigRuleNames=rules)
    status = config.describe_config_rule_evaluation_status
    while time.monotonic() < until:
        states = status(ConfigRuleNames=rules)["ConfigRulesEvaluationStatus"]
        if all("LastSuccessfulEvaluationTime" in each for each in states):
            break
        time.sleep(LOOK_EVERY)
    found = {}
    for rule in rules:
        results = config.get_compliance_details_by_config_rule(ConfigRuleName=rule)["EvaluationResults"]
        qualifiers = [(each["EvaluationResultIdentifier"]["EvaluationResultQualifier"], each) for each in results]
        found[rule] = {qualifier["ResourceId"]: each["ComplianceType"] for qualifier, each in qualifiers}
    return found


def delete(aws: Any) -> str:
    """Delete what this run named with `aws.unique`: trail, rules, queues, table, recorder, users, roles and buckets."""
    mark = f"-{aws.unique('').split('-')[1]}-"
    _trails(aws, mark)
    _rules(aws, mark)
    _recorder(aws, mark)
    glue = aws.client("glue")
    for each in glue.get_databases()["DatabaseList"]:
        if mark.replace("-", "_") in each["Name"]:
            glue.delete_database(Name=each["Name"])
    return f"{_users(aws, mark)} {access.delete(aws)}"


def _trails(aws: Any, mark: str) -> None:
    trail = aws.client("cloudtrail")
    for each in trail.describe_trails()["trailList"]:
        if mark in each["Name"]:
            trail.delete_trail(Name=each["Name"])


def _rules(aws: Any, mark: str) -> None:
    events, sqs, config = aws.client("events"), aws.client("sqs"), aws.client("config")
    for each in events.list_rules()["Rules"]:
        if mark in each["Name"]:
            targets = events.list_targets_by_rule(Rule=each["Name"])["Targets"]
            if targets:
                events.remove_targets(Rule=each["Name"], Ids=[target["Id"] for target in targets])
            events.delete_rule(Name=each["Name"])
    for url in sqs.list_queues().get("QueueUrls", []):
        if mark in url:
            sqs.delete_queue(QueueUrl=url)
    for each in config.describe_config_rules()["ConfigRules"]:
        if mark in each["ConfigRuleName"]:
            config.delete_config_rule(ConfigRuleName=each["ConfigRuleName"])


def _recorder(aws: Any, mark: str) -> None:
    config = aws.client("config")
    for each in config.describe_configuration_recorders()["ConfigurationRecorders"]:
        if mark in each["name"]:
            config.stop_configuration_recorder(ConfigurationRecorderName=each["name"])
            config.delete_delivery_channel(DeliveryChannelName=each["name"])
            config.delete_configuration_recorder(ConfigurationRecorderName=each["name"])


def _users(aws: Any, mark: str) -> str:
    iam = aws.client("iam")
    pages = iam.get_paginator("list_users").paginate()
    names = [each["UserName"] for page in pages for each in page["Users"] if mark in each["UserName"]]
    for name in names:
        for each in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=each["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)
    return f"Deleted {len(names)} users."
