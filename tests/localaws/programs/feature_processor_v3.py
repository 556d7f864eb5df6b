"""A feature processor of the SageMaker Python SDK v3: made a pipeline, scheduled, triggered, started, and described."""

import json
import time

import boto3
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.remote_function import remote
from sagemaker.core.remote_function.spark_config import SparkConfig
from sagemaker.mlops.feature_store import feature_processor as processors

NAME, ENDED = "speeds", processors.FeatureProcessorPipelineExecutionStatus.SUCCEEDED
FEATURES = [{"FeatureName": "id", "FeatureType": "String"}, *({"FeatureName": name, "FeatureType": "Fractional"} for name in "tx")]
SERVICES = [f"{name}.amazonaws.com" for name in ("sagemaker", "scheduler", "events")]

session, role = Session(), get_execution_role()
sagemaker, iam = boto3.client("sagemaker"), boto3.client("iam")
own = {"sagemaker_session": session}

# The SDK asks for more than AmazonSageMakerFullAccess allows.
named = {"RoleName": role.rpartition("/")[2]}
allowed = {"Effect": "Allow", "Action": ["glue:GetDatabase", "glue:GetPartitions"], "Resource": "*"}
trusted = {"Effect": "Allow", "Principal": {"Service": SERVICES}, "Action": "sts:AssumeRole"}
iam.put_role_policy(**named, PolicyName="processors", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
iam.update_assume_role_policy(**named, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}))


def group(name: str) -> str:
    store = {"S3StorageConfig": {"S3Uri": f"s3://{session.default_bucket()}/store"}}
    keys = {"RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "t", "FeatureDefinitions": FEATURES}
    sagemaker.create_feature_group(FeatureGroupName=name, RoleArn=role, OfflineStoreConfig=store, **keys)
    while (found := sagemaker.describe_feature_group(FeatureGroupName=name))["FeatureGroupStatus"] == "Creating":
        time.sleep(0.1)
    return found["FeatureGroupArn"]


flights, speeds = group("flights"), group("speeds")


@remote(spark_config=SparkConfig(), instance_type="ml.m5.xlarge", role=role, **own)
@processors.feature_processor(inputs=[processors.FeatureGroupDataSource(flights)], output=speeds)
def transform(flights):
    return flights


def executions() -> list:
    return sagemaker.list_pipeline_executions(PipelineName=NAME)["PipelineExecutionSummaries"]


pipeline = processors.to_pipeline(NAME, transform, role_arn=role, **own)
processors.schedule(NAME, "rate(1 day)", role_arn=role, **own)
while not executions():  # the schedule begins now
    time.sleep(0.1)
processors.put_trigger([processors.FeatureProcessorPipelineEvents(NAME, [ENDED])], NAME, role_arn=role, **own)
started = processors.execute(NAME, **own)
while any(each["PipelineExecutionStatus"] == "Executing" for each in executions()):
    time.sleep(0.5)
described = processors.describe(NAME, **own)
[step] = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=started)["PipelineExecutionSteps"]
result = {
    "pipeline": pipeline.rpartition(":")[2],
    "executions": len(executions()),
    "job": sagemaker.describe_training_job(TrainingJobName=step["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2])["TrainingJobStatus"],
    "described": [described["schedule_expression"], described["schedule_state"], described["trigger"] is not None],
    "listed": processors.list_pipelines(**own),
}
processors.delete_schedule(NAME, **own)
processors.delete_trigger(NAME, **own)
result["gone"] = sorted(set(described) - set(processors.describe(NAME, **own)))
print(json.dumps(result))
