"""Queries over a real local AWS, through boto3."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import threading
import time
from collections.abc import Callable

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from pyarrow import orc

from course.localaws.core.sdk_environment import REGION
from tests.localaws import athena_queries
from tests.localaws.boto_clients import boto_session
from tests.localaws.kms.conftest import User, allow

BUCKET, OUTPUT = "lake", "s3://lake/results/"
NUMBERS = itertools.count()


class Lake:
    """A local AWS's Athena, Glue and S3."""

    def __init__(self, client: Callable) -> None:
        self.athena, self.glue, self.s3 = client("athena"), client("glue"), client("s3")

    def put(self, key: str, body: bytes | str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def query(self, text: str, database: str = "air", athena=None, **more: object) -> dict:
        """Start a query and wait. Returns its description."""
        return athena_queries.run(athena or self.athena, text, OUTPUT, QueryExecutionContext={"Database": database}, **more)

    def run(self, text: str, **more: object) -> dict:
        found = self.query(text, **more)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]["StateChangeReason"]
        return found

    def rows(self, text: str, **more: object) -> list[list[str | None]]:
        """The rows of a query's result, without the header of a SELECT."""
        found = self.run(text, **more)
        values = athena_queries.lines(self.athena, found)
        return values[1:] if found["SubstatementType"] == "SELECT" else values

    def reason(self, text: str, **more: object) -> str:
        found = self.query(text, **more)
        assert found["Status"]["State"] == "FAILED"
        return found["Status"]["StateChangeReason"]


def parquet(**columns: list) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def fresh(stem: str) -> str:
    return f"{stem}{next(NUMBERS)}"


@pytest.fixture(scope="module")
def lake(client) -> Lake:
    lake = Lake(client)
    lake.s3.create_bucket(Bucket=BUCKET)
    lake.run("CREATE DATABASE IF NOT EXISTS air", database="default")
    lake.put("flights/month=1/a.parquet", parquet(carrier=["UA", "AA", "UA"], delay=[10.0, None, -3.5], seats=[100, 150, 200]))
    lake.put("flights/month=2/a.parquet", parquet(carrier=["DL"], delay=[1e7], seats=[0]))
    lake.run(
        "CREATE EXTERNAL TABLE flights (carrier string, delay double, seats bigint) PARTITIONED BY (month int) STORED AS PARQUET "
        f"LOCATION 's3://{BUCKET}/flights/'"
    )
    lake.run("MSCK REPAIR TABLE flights")
    return lake


def test_a_select_over_partitions_gives_rows_columns_and_files(lake):
    found = lake.run("SELECT carrier, delay, seats, month FROM flights ORDER BY month, seats")
    assert (found["StatementType"], found["SubstatementType"]) == ("DML", "SELECT")
    query, location = found["QueryExecutionId"], found["ResultConfiguration"]["OutputLocation"]
    assert location == f"{OUTPUT}{query}.csv"
    assert lake.get(location).decode() == (
        '"carrier","delay","seats","month"\n"UA","10.0","100","1"\n"AA",,"150","1"\n"UA","-3.5","200","1"\n"DL","1.0E7","0","2"\n'
    )
    assert json.loads(lake.get(f"{location}.metadata"))["ColumnInfo"]
    result = lake.athena.get_query_results(QueryExecutionId=query)["ResultSet"]
    assert [each["VarCharValue"] for each in result["Rows"][0]["Data"]] == ["carrier", "delay", "seats", "month"]
    assert result["Rows"][2]["Data"][1] == {}
    assert [each["Type"] for each in result["ResultSetMetadata"]["ColumnInfo"]] == ["varchar", "double", "bigint", "integer"]
    assert found["Statistics"]["DataScannedInBytes"] > 0
    runtime = lake.athena.get_query_runtime_statistics(QueryExecutionId=query)["QueryRuntimeStatistics"]
    assert runtime["Rows"]["OutputRows"] == 4


def test_results_come_in_pages(lake):
    query = lake.run("SELECT * FROM UNNEST(sequence(1, 25)) AS t(n)")["QueryExecutionId"]
    pages = lake.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query, PaginationConfig={"PageSize": 10})
    sizes = [[row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]] for page in pages]
    assert [len(size) for size in sizes] == [10, 10, 6]
    assert sum(sizes, []) == ["n", *map(str, range(1, 26))]


def test_only_the_columns_and_partitions_that_are_read_are_counted(lake):
    def scanned(text: str) -> int:
        return lake.run(text)["Statistics"]["DataScannedInBytes"]

    whole, one, column = (scanned(f"SELECT {what}") for what in ("* FROM flights", "* FROM flights WHERE month = 1", "seats FROM flights"))
    assert 0 < column < whole and 0 < one < whole
    assert scanned("SELECT count(*) FROM flights WHERE month > 5") == 0
    assert lake.rows("SELECT count(*) FROM flights f WHERE f.month IN (1) AND delay > 0") == [["1"]]


def test_trino_functions_joins_and_names(lake):
    rows = lake.rows(
        "WITH means AS (SELECT carrier, avg(seats) AS mean, approx_distinct(seats) n FROM flights GROUP BY 1) "
        "SELECT f.carrier, m.mean, date_diff('day', DATE '2026-01-01', DATE '2026-01-31'), f.seats / 7 "
        "FROM flights f JOIN means m ON f.carrier = m.carrier WHERE f.seats = 100"
    )
    assert rows == [["UA", "150.0", "30", "14"]]
    found = lake.run("SELECT 1, 'x' AS Y, count(*) FROM flights")
    header = lake.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]["Rows"][0]["Data"]
    assert [each["VarCharValue"] for each in header] == ["_col0", "Y", "_col2"]


def test_text_as_athena_writes_it(lake):
    rows = lake.rows(
        "SELECT true, TIMESTAMP '2026-01-02 03:04:05', DATE '2026-01-02', CAST(1.5 AS DECIMAL(5,2)), ARRAY[1, 2], "
        "MAP(ARRAY['a'], ARRAY[1]), 'say \"hi\"', '', CAST(0.1 AS REAL), 1e-5, NULL"
    )
    assert rows == [["true", "2026-01-02 03:04:05.000", "2026-01-02", "1.50", "[1, 2]", "{a=1}", 'say "hi"', "", "0.1", "1.0E-5", None]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT carier FROM flights", "COLUMN_NOT_FOUND: line 1:8: Column 'carier' cannot be resolved"),
        ("SELECT 1\nFROM nowhere", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.air.nowhere' does not exist"),
        ("SELECT 1 FROM no.where_", "SCHEMA_NOT_FOUND: line 1:15: Schema 'no' does not exist"),
        ("SELECT nope(seats) FROM flights", "FUNCTION_NOT_FOUND:"),
        ("SELECT 1 / seats FROM flights", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT CAST(carrier AS INTEGER) FROM flights", "INVALID_CAST_ARGUMENT:"),
        ("SELECT carrier + 1 FROM flights", "TYPE_MISMATCH:"),
        ("SELECT * FROM read_text('/etc/passwd')", "NOT_SUPPORTED: table functions"),
        ("DROP TABLE nowhere", "FAILED: SemanticException [Error 10001]: Table not found air.nowhere"),
    ],
)
def test_failures_say_why(lake, text, reason):
    assert lake.reason(text).startswith(reason)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'"),
        ("SELECT 1 FROM (SELECT 2", "line 1:"),
        ("DELETE FROM flights", "Queries of this type are not supported"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed"),
        ("SELECT ?", "Incorrect number of parameters: expected 1 but found 0"),
    ],
)
def test_a_malformed_statement_is_refused_at_once(lake, text, message):
    with pytest.raises(ClientError, match="InvalidRequestException") as caught:
        lake.query(text)
    assert caught.value.response["Error"]["Message"].startswith(message)


def test_requests_that_cannot_be(lake):
    with pytest.raises(ClientError, match="No output location provided"):
        lake.athena.start_query_execution(QueryString="SELECT 1")
    with pytest.raises(ClientError, match="Unable to verify/create output bucket nowhere"):
        lake.athena.start_query_execution(QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://nowhere/"})
    with pytest.raises(ClientError, match="WorkGroup none is not found"):
        lake.query("SELECT 1", WorkGroup="none")
    with pytest.raises(ClientError, match="was not found"):
        lake.athena.get_query_execution(QueryExecutionId="00000000-0000-0000-0000-000000000000")
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        lake.athena.get_query_results(QueryExecutionId=lake.query("SELECT x")["QueryExecutionId"])


def test_a_token_starts_one_query(lake):
    token = "t" * 32
    first, again = (lake.run("SELECT 1", ClientRequestToken=token)["QueryExecutionId"] for _ in range(2))
    assert first == again
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        lake.query("SELECT 2", ClientRequestToken=token)


def test_parameters_and_a_workgroups_own_location(lake):
    assert lake.rows("SELECT carrier FROM flights WHERE seats > ? AND carrier = ?", ExecutionParameters=["150", "'UA'"]) == [["UA"]]
    configuration = {"ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/group/"}, "EnforceWorkGroupConfiguration": True}
    lake.athena.create_work_group(Name="team", Configuration=configuration)
    found = lake.run("SELECT 1", WorkGroup="team")
    assert found["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{BUCKET}/group/")
    assert lake.athena.list_query_executions(WorkGroup="team")["QueryExecutionIds"] == [found["QueryExecutionId"]]
    batch = lake.athena.batch_get_query_execution(QueryExecutionIds=[found["QueryExecutionId"], "none"])
    assert [each["QueryExecutionId"] for each in batch["QueryExecutions"]] == [found["QueryExecutionId"]]
    assert [each["QueryExecutionId"] for each in batch["UnprocessedQueryExecutionIds"]] == ["none"]


def test_csv_by_both_serdes(lake):
    lake.put("csv/open/a.csv", 'id,name,day\n"1","Smith, J","0"\n"2","","365"\n')
    lake.put("csv/open/_hidden", "no,data,here\n")
    lake.put("csv/lazy/a.csv.gz", gzip.compress(b"1\tx\t2026-01-01\nnone\t\\N\tno day\n"))
    lake.run(
        "CREATE EXTERNAL TABLE quoted (id int, name string, day date) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        f"WITH SERDEPROPERTIES ('separatorChar' = ',') LOCATION 's3://{BUCKET}/csv/open/' TBLPROPERTIES ('skip.header.line.count' = '1')"
    )
    lake.run(
        "CREATE EXTERNAL TABLE tabs (id int, name string, day date) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' "
        f"LOCATION 's3://{BUCKET}/csv/lazy/'"
    )
    assert lake.rows("SELECT * FROM quoted ORDER BY id") == [["1", "Smith, J", "1970-01-01"], ["2", "", "1971-01-01"]]
    assert lake.rows("SELECT * FROM tabs ORDER BY id") == [["1", "x", "2026-01-01"], [None, None, None]]
    scanned = lake.run("SELECT id FROM quoted")["Statistics"]["DataScannedInBytes"]
    assert scanned == len('id,name,day\n"1","Smith, J","0"\n"2","","365"\n')


def test_json_orc_and_a_table_that_glue_made(lake):
    lake.put("json/a.json", '{"id": 1, "tags": ["a", "b"], "at": {"x": 5}}\n{"id": 2}\n')
    columns = [("id", "bigint"), ("tags", "array<string>"), ("at", "struct<x:int>")]
    serde = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
    storage = {"Columns": [{"Name": name, "Type": kind} for name, kind in columns], "Location": f"s3://{BUCKET}/json", "SerdeInfo": serde}
    lake.glue.create_table(DatabaseName="air", TableInput={"Name": "events", "StorageDescriptor": storage})
    assert lake.rows("SELECT id, cardinality(tags), tags[1], at.x FROM events ORDER BY 1") == [
        ["1", "2", "a", "5"],
        ["2", None, None, None],
    ]
    sink = io.BytesIO()
    orc.write_table(pa.table({"n": [1, 2, 3]}), sink)
    lake.put("orc/a", sink.getvalue())
    lake.run(f"CREATE EXTERNAL TABLE orcs (n bigint, more string) STORED AS ORC LOCATION 's3://{BUCKET}/orc/'")
    assert lake.rows("SELECT sum(n), count(more) FROM orcs") == [["6", "0"]]


def test_create_table_as_and_insert(lake):
    table = fresh("made")
    found = lake.run(
        f"CREATE TABLE {table} WITH (format = 'PARQUET', external_location = 's3://{BUCKET}/{table}/', "
        "partitioned_by = ARRAY['carrier']) AS SELECT seats, delay, carrier FROM flights WHERE month = 1"
    )
    assert (found["StatementType"], found["SubstatementType"]) == ("DDL", "CREATE_TABLE_AS_SELECT")
    manifest = lake.get(found["Statistics"]["DataManifestLocation"]).decode().split()
    assert {uri.split("/")[4] for uri in manifest} == {"carrier=AA", "carrier=UA"}
    assert lake.rows(f"SHOW PARTITIONS {table}") == [["carrier=AA"], ["carrier=UA"]]
    lake.run(f"INSERT INTO {table} VALUES (7, 1.5, 'B6')")
    lake.run(f"INSERT INTO {table} (carrier, seats) SELECT 'UA', 8")
    assert lake.rows(f"SELECT carrier, count(*), sum(seats) FROM {table} GROUP BY 1 ORDER BY 1") == [
        ["AA", "1", "150"],
        ["B6", "1", "7"],
        ["UA", "3", "308"],
    ]
    assert "TABLE_ALREADY_EXISTS" in lake.reason(f"CREATE TABLE {table} AS SELECT 1 a")
    assert "Insert query has mismatched column types" in lake.reason(f"INSERT INTO {table} SELECT 1")


def test_a_table_that_a_query_made_has_the_catalogs_types(lake):
    table = fresh("typed")
    lake.run(f"CREATE TABLE {table} AS SELECT CAST(1 AS DECIMAL(10, 2)) AS price, CAST(ROW(1, 'x') AS ROW(a INTEGER, b VARCHAR)) AS pair")
    assert [kind.strip() for _, kind, _ in lake.rows(f"DESCRIBE {table}")] == ["decimal(10,2)", "struct<a:int,b:string>"]


@pytest.mark.parametrize("kind", ["PARQUET", "ORC", "JSON", "TEXTFILE"])
def test_unload_writes_what_can_be_read_again(lake, kind):
    place = f"s3://{BUCKET}/{fresh('unload')}/"
    found = lake.run(f"UNLOAD (SELECT carrier, seats FROM flights) TO '{place}' WITH (format = '{kind}')")
    files = lake.get(found["Statistics"]["DataManifestLocation"]).decode().split()
    assert len(files) == 4 and all(uri.startswith(place) for uri in files)
    table = fresh("read")
    stored = {"JSON": "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"}.get(kind, f"STORED AS {kind}")
    lake.run(f"CREATE EXTERNAL TABLE {table} (carrier string, seats bigint) {stored} LOCATION '{place}'")
    assert lake.rows(f"SELECT * FROM {table} ORDER BY seats") == [["DL", "0"], ["UA", "100"], ["AA", "150"], ["UA", "200"]]
    assert lake.reason(f"UNLOAD (SELECT 1 x) TO '{place}'").startswith("HIVE_PATH_ALREADY_EXISTS")


def test_what_cannot_be_written_is_said(lake):
    assert "AVRO" in lake.reason(f"UNLOAD (SELECT 1 x) TO 's3://{BUCKET}/avro/' WITH (format = 'AVRO')")
    reason = lake.reason(f"UNLOAD (\n  SELECT nothing FROM flights) TO 's3://{BUCKET}/failed/'")
    assert reason.startswith("COLUMN_NOT_FOUND: line 2:10: Column 'nothing'")


def test_show_describe_alter_and_drop(lake):
    database, table = fresh("db"), "things"
    lake.run(f"CREATE DATABASE {database}")
    lake.run(f"CREATE EXTERNAL TABLE {database}.{table} (a int COMMENT 'first') PARTITIONED BY (dt string) LOCATION 's3://{BUCKET}/t/'")
    assert [database] in lake.rows("SHOW DATABASES")
    assert lake.rows("SHOW TABLES", database=f"`{database}`") == [[table]]
    assert lake.rows(f"SHOW COLUMNS IN {database}.{table}") == [["a"], ["dt"]]
    described = lake.rows(f"DESCRIBE {database}.{table}")
    assert [field.strip() for field in described[0]] == ["a", "int", "first"]
    assert "CREATE EXTERNAL TABLE" in lake.rows(f"SHOW CREATE TABLE {database}.{table}")[0][0]
    lake.run(f"ALTER TABLE {database}.{table} ADD IF NOT EXISTS PARTITION (dt = '2026-01-01') LOCATION 's3://{BUCKET}/t1/'")
    assert lake.rows(f"SHOW PARTITIONS {database}.{table}") == [["dt=2026-01-01"]]
    lake.run(f"ALTER TABLE {database}.{table} DROP PARTITION (dt = '2026-01-01')")
    assert lake.rows(f"SHOW PARTITIONS {database}.{table}") == []
    assert "is not empty" in lake.reason(f"DROP DATABASE {database}")
    lake.run(f"DROP TABLE {database}.{table}")
    lake.run(f"DROP DATABASE {database}")
    assert [database] not in lake.rows("SHOW DATABASES")


def test_the_catalog_as_athena_shows_it(lake):
    names = {"CatalogName": "AwsDataCatalog"}
    assert {"air", "default"} <= {each["Name"] for each in lake.athena.list_databases(**names)["DatabaseList"]}
    assert lake.athena.get_database(**names, DatabaseName="air")["Database"]["Name"] == "air"
    found = lake.athena.get_table_metadata(**names, DatabaseName="air", TableName="flights")["TableMetadata"]
    assert [each["Name"] for each in found["Columns"] + found["PartitionKeys"]] == ["carrier", "delay", "seats", "month"]
    listed = lake.athena.list_table_metadata(**names, DatabaseName="air", Expression="fl.*")["TableMetadataList"]
    assert [each["Name"] for each in listed] == ["flights"]
    with pytest.raises(ClientError, match="MetadataException"):
        lake.athena.get_table_metadata(**names, DatabaseName="air", TableName="nothing")


def test_sums_are_whole_numbers_of_trinos_size(lake):
    found = lake.run("SELECT sum(seats) AS total, sum(seats) + 0.5, NULL AS nothing FROM flights")
    columns = lake.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [each["Type"] for each in columns] == ["bigint", "decimal", "unknown"]
    assert lake.reason("SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t(x)").startswith("NUMERIC_VALUE_OUT_OF_RANGE")


def test_a_query_that_is_stopped_is_cancelled(lake):
    endless = (
        "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE (x * y) % 7 = 3"
    )
    query = lake.athena.start_query_execution(QueryString=endless, ResultConfiguration={"OutputLocation": OUTPUT})["QueryExecutionId"]

    def status() -> dict:
        return lake.athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]

    while status()["State"] == "QUEUED":
        time.sleep(0.02)
    lake.athena.stop_query_execution(QueryExecutionId=query)
    assert (status()["State"], status()["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")


def test_a_query_reads_and_writes_with_its_callers_rights(lake, local_aws, client):
    iam, sts = client("iam"), client("sts")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="Analyst", AssumeRolePolicyDocument=json.dumps(trust))
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/results/*"]}
    queries = {"Effect": "Allow", "Action": "athena:*", "Resource": "arn:aws:athena:*:*:workgroup/primary"}
    catalog = {"Effect": "Allow", "Action": "glue:Get*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed, queries, catalog]})
    iam.put_role_policy(RoleName="Analyst", PolicyName="p", PolicyDocument=document)
    keys = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/Analyst", RoleSessionName="session")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
    athena = session.client("athena", endpoint_url=local_aws.endpoint, config=Config(retries={"total_max_attempts": 1}))
    assert lake.query("SELECT 1", athena=athena)["Status"]["State"] == "SUCCEEDED"
    assert lake.reason("SELECT * FROM flights", athena=athena).startswith("PERMISSION_DENIED: Access Denied")
    denied = lake.reason(f"UNLOAD (SELECT 1 x) TO 's3://{BUCKET}/elsewhere/'", athena=athena)
    assert denied.startswith("Access denied when writing output to url: ")
    # A bucket policy gives what the role's policies lack; session policies take away from both.
    s3, analyst = client("s3"), {"AWS": "arn:aws:iam::123456789012:role/Analyst"}
    granted = {"Effect": "Allow", "Principal": analyst, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/flights/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [granted]}))
    try:
        assert lake.query("SELECT * FROM flights", athena=athena)["Status"]["State"] == "SUCCEEDED"
        only = {"Effect": "Allow", "Action": ["athena:*", "glue:*", "s3:PutObject", "s3:ListBucket"], "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [only]})
        keys = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/Analyst", RoleSessionName="session", Policy=text)["Credentials"]
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
        limited = session.client("athena", endpoint_url=local_aws.endpoint, config=Config(retries={"total_max_attempts": 1}))
        assert lake.query("SELECT 1", athena=limited)["Status"]["State"] == "SUCCEEDED"
        assert "no session policy allows the s3:GetObject action" in lake.reason("SELECT * FROM flights", athena=limited)
    finally:
        s3.delete_bucket_policy(Bucket=BUCKET)


def test_another_region_has_its_own_tables_and_queries(lake, local_aws, client):
    athena = boto_session(local_aws, "eu-west-1").client("athena", endpoint_url=local_aws.endpoint)
    assert lake.reason("SELECT 1 FROM air.flights", athena=athena).startswith("SCHEMA_NOT_FOUND")
    query = lake.run("SELECT 1")["QueryExecutionId"]
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_execution(QueryExecutionId=query)


def test_a_query_reads_objects_that_are_replaced_meanwhile(lake):
    name = fresh("replaced")
    lake.put(f"{name}/part", "1\n2\n")
    lake.run(f"CREATE EXTERNAL TABLE {name} (n int) LOCATION 's3://{BUCKET}/{name}/'")
    ended = threading.Event()

    def replace() -> None:
        while not ended.is_set():
            lake.put(f"{name}/part", "1\n2\n")

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        found = [lake.rows(f"SELECT sum(n) FROM {name}") for _ in range(5)]
    finally:
        ended.set()
        writer.join()
    assert found == [[["3"]]] * 5


@pytest.mark.nightly  # server/test_server.py kills by day
def test_queries_outlive_a_kill(tmp_path):
    from tests.localaws.moto.restartable_aws import RestartableAws

    aws = RestartableAws(tmp_path / "state")
    try:
        aws("s3").create_bucket(Bucket=BUCKET)
        done = Lake(aws).run("SELECT 42 AS answer", database="default")["QueryExecutionId"]
        endless = (
            "SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 1000000)) AS b(y) WHERE (x * y) % 7 = 3"
        )
        lost = aws("athena").start_query_execution(QueryString=endless, ResultConfiguration={"OutputLocation": OUTPUT})["QueryExecutionId"]
        aws.restart()
        status = aws("athena").get_query_execution(QueryExecutionId=lost)["QueryExecution"]["Status"]
        assert status["State"] == "FAILED" and "was stopped" in status["StateChangeReason"]
        rows = aws("athena").get_query_results(QueryExecutionId=done)["ResultSet"]["Rows"]
        assert rows[1]["Data"][0]["VarCharValue"] == "42"
    finally:
        aws.stop()


def test_a_table_under_a_key_needs_the_key_and_leaves_nothing_in_plain_text(lake, client, local_aws):
    kms = client("kms")
    key, name = kms.create_key()["KeyMetadata"]["Arn"], f"sealed{next(NUMBERS)}"
    secret = "passenger-Ada-Lovelace"
    for number in range(3):
        body = f"{secret},{number}\n"
        lake.s3.put_object(Bucket=BUCKET, Key=f"{name}/{number}.csv", Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    lake.run(
        f"CREATE EXTERNAL TABLE {name} (who string, n int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{BUCKET}/{name}/'"
    )
    found = lake.run(f"SELECT who, sum(n) FROM {name} GROUP BY who", key=key)
    assert athena_queries.lines(lake.athena, found)[1:] == [[secret, "3"]]
    assert not [path for path in local_aws.state.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    kms.disable_key(KeyId=key)
    assert "is disabled" in lake.reason(f"SELECT * FROM {name}")
    with pytest.raises(ClientError, match="Could not find results"):
        lake.athena.get_query_results(QueryExecutionId=found["QueryExecutionId"])
    kms.enable_key(KeyId=key)
    somebody = User(local_aws, client("iam"), allow(["s3:*", "athena:*", "glue:*"]))
    assert "kms:Decrypt" in lake.reason(f"SELECT * FROM {name}", athena=somebody("athena"))
