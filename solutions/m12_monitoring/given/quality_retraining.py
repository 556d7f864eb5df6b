"""What an alarm sets off: a notification in a queue, and an execution of a pipeline that trains the model again."""

import json
import time
from typing import Any

LOOK_EVERY, LONGEST = 0.1, 600  # seconds
TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


def notified(aws: Any) -> tuple[str, str]:
    """An SNS topic, and an SQS queue that gets its messages, as the mailbox of somebody on call. Returns ARN and URL."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name=aws.unique("on-call"))["TopicArn"]
    queue = sqs.create_queue(QueueName=aws.unique("mailbox"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    from_topic = {"ArnEquals": {"aws:SourceArn": topic}}
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [allowed | {"Condition": from_topic}]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def messages(aws: Any, queue: str) -> list[dict]:
    """The messages of alarms in a queue: ``AlarmName``, ``NewStateValue``, ``NewStateReason``."""
    received = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(json.loads(each["Body"])["Message"]) for each in received.get("Messages", [])]


def retraining(aws: Any, rows: str) -> str:
    """A pipeline of one step, which trains the model on the rows at a URI. Returns its ARN."""
    channel = {"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": rows}}}
    request = {
        "RoleArn": aws.role,
        "AlgorithmSpecification": {"TrainingImage": aws.image("xgboost", "3.0-5"), "TrainingInputMode": "File"},
        "HyperParameters": {"objective": "binary:logistic", "num_round": "10"},
        "InputDataConfig": [channel],
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    definition = {"Version": "2020-12-01", "Steps": [{"Name": "Train", "Type": "Training", "Arguments": request}]}
    made = aws.client("sagemaker").create_pipeline(
        PipelineName=aws.unique("retrain"), PipelineDefinition=json.dumps(definition), RoleArn=aws.role
    )
    return made["PipelineArn"]


def retrained(aws: Any, pipeline: str) -> list[str]:
    """The statuses of a pipeline's executions, once there is one and none runs.

    Raises
    ------
    TimeoutError
        When that takes more than 10 minutes.
    """
    sagemaker = aws.client("sagemaker")
    for _ in range(int(LONGEST / LOOK_EVERY)):
        found = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
        statuses = [each["PipelineExecutionStatus"] for each in found]
        if statuses and not {"Executing", "Stopping"} & set(statuses):
            return statuses
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"the pipeline {pipeline} has {len(found)} executions, and not one that has ended.")


def started_by(aws: Any, alarm: str, pipeline: str) -> tuple[str, str]:
    """A rule that starts a pipeline when an alarm goes to ALARM. Returns the names of the rule, and of the role that may do so."""
    iam, events = aws.client("iam"), aws.client("events")
    role, rule = aws.unique("starts-retraining"), aws.unique("retrain")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": "sagemaker:StartPipelineExecution", "Resource": pipeline}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam.put_role_policy(RoleName=role, PolicyName="start", PolicyDocument=policy)
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": [alarm], "state": {"value": ["ALARM"]}},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "pipeline", "Arn": pipeline, "RoleArn": arn}])
    return rule, role


def taken_down(aws: Any, topic: str, queue: str, pipeline: str, rule: str, role: str) -> None:
    """Delete all that `notified`, `retraining` and `started_by` made."""
    events, iam = aws.client("events"), aws.client("iam")
    events.remove_targets(Rule=rule, Ids=["pipeline"])
    events.delete_rule(Name=rule)
    iam.delete_role_policy(RoleName=role, PolicyName="start")
    iam.delete_role(RoleName=role)
    aws.client("sagemaker").delete_pipeline(PipelineName=pipeline.rpartition("/")[2])
    aws.client("sns").delete_topic(TopicArn=topic)
    aws.client("sqs").delete_queue(QueueUrl=queue)
