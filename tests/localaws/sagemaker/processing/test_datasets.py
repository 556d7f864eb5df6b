"""Dataset definitions of processing jobs: the result of an Athena query as an input."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures

COPY = """
import gzip, json, os, sys
folder = "/opt/ml/processing/input/data"
rows = [line for file in sorted(os.listdir(folder)) for line in gzip.open(os.path.join(folder, file), "rt")]
host = json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"]
os.makedirs("/opt/ml/processing/out", exist_ok=True)
open(f"/opt/ml/processing/out/{host}", "w").writelines(rows)
"""
STREAM = """
import gzip, os, time
with open("/opt/ml/processing/input/data_0", "rb") as pipe:
    rows = gzip.decompress(pipe.read())
open("/opt/ml/processing/out/streamed", "wb").write(rows)
"""


@pytest.fixture
def flights(aws: JobFixtures) -> JobFixtures:
    """A table of four flights in Athena's catalog."""
    aws.put("air/flights.csv", "UA,10\nAA,20\nUA,30\nDL,40\n")
    columns = [{"Name": "carrier", "Type": "string"}, {"Name": "delay", "Type": "int"}]
    library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
    serde = {"SerializationLibrary": library, "Parameters": {"field.delim": ","}}
    storage = {"Columns": columns, "Location": f"s3://{BUCKET}/air/", "SerdeInfo": serde}
    glue = aws.client("glue")
    try:
        glue.create_database(DatabaseInput={"Name": "air"})
        glue.create_table(DatabaseName="air", TableInput={"Name": "flights", "StorageDescriptor": storage})
    except glue.exceptions.AlreadyExistsException:
        pass
    return aws


def dataset(aws: JobFixtures, query: str, athena: dict | None = None, **changes: object) -> dict:
    definition = {
        "Catalog": "AwsDataCatalog",
        "Database": "air",
        "QueryString": query,
        "OutputS3Uri": f"s3://{BUCKET}/{aws.name('dataset')}/",
        "OutputFormat": "JSON",
    }
    place = {"LocalPath": "/opt/ml/processing/input/data", "DataDistributionType": "FullyReplicated", "InputMode": "File"}
    return {"InputName": "data", "DatasetDefinition": {"AthenaDatasetDefinition": definition | (athena or {})} | place | changes}


def job(aws: JobFixtures, code: str, entry: dict, instances: int = 1, **changes: object) -> tuple[dict, str]:
    """Run a job with the dataset as its input. Returns the ended job and the prefix of its copy of the data."""
    place = aws.name("read")
    output = {"S3Uri": f"s3://{BUCKET}/{place}", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    name = aws.process(
        code,
        ProcessingInputs=[entry],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": output}]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 5}},
        **changes,
    )
    return aws.processed(name), place


def rows(aws: JobFixtures, key: str) -> list[dict]:
    return [json.loads(line) for line in aws.get(f"s3://{BUCKET}/{key}").decode().splitlines()]


def test_a_querys_rows_are_an_input(flights: JobFixtures) -> None:
    entry = dataset(flights, "SELECT carrier, sum(delay) AS total FROM flights GROUP BY 1 ORDER BY 1;")
    ended, place = job(flights, COPY, entry)
    assert ended["ProcessingJobStatus"] == "Completed", ended["FailureReason"]
    assert ended["ProcessingInputs"][1] == entry
    found = sorted(rows(flights, f"{place}/algo-1"), key=lambda row: row["carrier"])
    assert found == [{"carrier": "AA", "total": 20}, {"carrier": "DL", "total": 40}, {"carrier": "UA", "total": 40}]
    stored = entry["DatasetDefinition"]["AthenaDatasetDefinition"]["OutputS3Uri"].removeprefix(f"s3://{BUCKET}/")
    assert flights.keys(stored)
    athena = flights.client("athena")
    [newest, *_] = athena.list_query_executions()["QueryExecutionIds"]
    query = athena.get_query_execution(QueryExecutionId=newest)["QueryExecution"]
    assert query["SubstatementType"] == "UNLOAD" and query["Statistics"]["DataScannedInBytes"] == 24


def test_each_instance_has_its_share(flights: JobFixtures) -> None:
    ended, place = job(flights, COPY, dataset(flights, "SELECT * FROM flights", DataDistributionType="ShardedByS3Key"), instances=2)
    assert ended["ProcessingJobStatus"] == "Completed", ended["FailureReason"]
    shares = [[row["delay"] for row in rows(flights, f"{place}/algo-{number}")] for number in (1, 2)]
    assert all(shares) and sorted(sum(shares, [])) == [10, 20, 30, 40]


def test_a_dataset_is_streamed(flights: JobFixtures) -> None:
    ended, place = job(flights, STREAM, dataset(flights, "SELECT delay FROM flights", InputMode="Pipe"))
    assert ended["ProcessingJobStatus"] == "Completed", ended["FailureReason"]
    assert sorted(row["delay"] for row in rows(flights, f"{place}/streamed")) == [10, 20, 30, 40]


def test_a_query_that_fails_fails_the_job(flights: JobFixtures) -> None:
    ended, _ = job(flights, COPY, dataset(flights, "SELECT nothing FROM flights"))
    assert ended["ProcessingJobStatus"] == "Failed"
    assert "COLUMN_NOT_FOUND: line 1:16: Column 'nothing' cannot be resolved" in ended["FailureReason"]


def test_the_query_has_the_rights_of_the_jobs_role(flights: JobFixtures) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, name = flights.client("iam"), flights.name("Reader")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"][
        "Arn"
    ]
    place = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/code/*"]
    queries = {"Effect": "Allow", "Action": ["athena:*", "glue:GetTable"], "Resource": "*"}
    allowed = [{"Effect": "Allow", "Action": "s3:*", "Resource": place}, queries]
    document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    ended, _ = job(flights, COPY, dataset(flights, "SELECT * FROM flights"), RoleArn=role)
    assert "PERMISSION_DENIED: Access Denied" in ended["FailureReason"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed[:1]}))
    ended, _ = job(flights, COPY, dataset(flights, "SELECT * FROM flights"), RoleArn=role)
    assert "is not authorized to perform: athena:StartQueryExecution" in ended["FailureReason"]


REDSHIFT = {
    **{"ClusterId": "c", "Database": "d", "DbUser": "u", "QueryString": "SELECT 1", "OutputS3Uri": "s3://b/x", "OutputFormat": "CSV"},
    "ClusterRoleArn": "arn:aws:iam::123456789012:role/SageMakerRole",
}


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        (
            {"RedshiftDatasetDefinition": REDSHIFT},
            "does not support the RedshiftDatasetDefinition of input data, since it has no Redshift cluster",
        ),
        ({"OutputFormat": "AVRO"}, "does not support OutputFormat AVRO of input data"),
        ({"OutputCompression": "SNAPPY"}, "OutputCompression SNAPPY of input data is not one of JSON"),
        ({"KmsKeyId": "alias/nobody"}, "KMS key"),
        ({"LocalPath": None}, "LocalPath"),
    ],
)
def test_refused_at_once(aws: JobFixtures, definition: dict, word: str) -> None:
    entry = dataset(aws, "SELECT 1")
    if "RedshiftDatasetDefinition" in definition:
        entry["DatasetDefinition"] = definition | {"LocalPath": "/opt/ml/processing/input/data"}
    elif "LocalPath" in definition:
        del entry["DatasetDefinition"]["LocalPath"]
    else:
        entry["DatasetDefinition"]["AthenaDatasetDefinition"] |= definition
    with pytest.raises(ClientError, match=word):
        job(aws, COPY, entry)
