"""A processing job whose output is a feature group: its program puts the records, as AWS's API reference says."""

from __future__ import annotations

from tests.localaws.sagemaker.job_fixtures import ROLE, JobFixtures

PROGRAM = """
import json
import boto3

config = json.load(open("/opt/ml/config/processingjobconfig.json"))
[output] = config["ProcessingOutputConfig"]["Outputs"]
store = boto3.client("sagemaker-featurestore-runtime")
for carrier, delay in (("UA", 12.5), ("AA", -3.0)):
    record = {"carrier": carrier, "t": "1700000000.0", "delay": str(delay)}
    values = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
    store.put_record(FeatureGroupName=output["FeatureStoreOutput"]["FeatureGroupName"], Record=values)
"""


def test_the_program_puts_the_records(aws: JobFixtures) -> None:
    group = aws.name("carriers")
    types = {"carrier": "String", "t": "Fractional", "delay": "Fractional"}
    aws.sagemaker.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="carrier",
        EventTimeFeatureName="t",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": type} for name, type in types.items()],
        OnlineStoreConfig={"EnableOnlineStore": True},
        RoleArn=ROLE,
    )
    describe = aws.sagemaker.describe_feature_group
    aws.until(lambda: describe(FeatureGroupName=group)["FeatureGroupStatus"] == "Created")
    output = {"OutputName": "features", "AppManaged": True, "FeatureStoreOutput": {"FeatureGroupName": group}}
    job = aws.processed(aws.process(PROGRAM, ProcessingOutputConfig={"Outputs": [output]}))
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ProcessingOutputConfig"]["Outputs"] == [output]
    runtime = aws.client("sagemaker-featurestore-runtime")
    for carrier, delay in (("UA", "12.5"), ("AA", "-3.0")):
        found = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=carrier)["Record"]
        assert {"FeatureName": "delay", "ValueAsString": delay} in found
