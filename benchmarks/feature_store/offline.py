"""Measures a point-in-time query over the offline store through Athena: 100,000 rows, and their values as of a time from three feature
groups of 300,000 records each. Beside it are pandas' ``merge_asof``, which gives the same rows, and DuckDB alone with the same query.

The records are put to S3 as files for each hour, in the offline store's layout, as AWS's documentation allows for historical data. The
target is three times the time of ``merge_asof``, and a second for the process and the result in S3.
"""

from __future__ import annotations

import io
import time
from typing import Any

import duckdb
import numpy
import pandas
import pyarrow
from pyarrow import parquet

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.localaws.server import launch

GROUPS, IDENTIFIERS, VERSIONS, ASKED, HOURS, RUNS = 3, 20_000, 15, 100_000, 720, 5
START = 1_372_636_800  # 2013-07-01


def measure() -> list[Row]:
    random = numpy.random.default_rng(7)
    asked, groups = _asked(random), [_records(random, number) for number in range(GROUPS)]
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        tables = _prepare(client, asked, groups)
        sql = _as_of(*tables)
        expected = _merged(asked, groups)
        _require_same(_rows(client, _athena(client, sql)), expected)
        ours, theirs, alone = [], [], []
        for _ in range(RUNS):
            ours.append(seconds(lambda: _athena(client, sql)))
            theirs.append(3 * seconds(lambda: _merged(asked, groups)))
            alone.append(seconds(lambda: _bare(asked, groups)))
    name = f"as of a time: {ASKED:,} rows, {GROUPS} groups of {IDENTIFIERS * VERSIONS:,} records"
    return [
        Row(name, "s", ours, theirs, "3 × pandas merge_asof", "difference", 1.0),
        Row(name, "s", ours, alone, "DuckDB alone, same query", "ratio", 3.0),
    ]


def _asked(random: numpy.random.Generator) -> pandas.DataFrame:
    columns = {f"id{number}": random.integers(IDENTIFIERS, size=ASKED).astype(str) for number in range(GROUPS)}
    return pandas.DataFrame({"row_id": numpy.arange(ASKED), "asked": START + random.uniform(0, HOURS * 3600, ASKED).round(3)} | columns)


def _records(random: numpy.random.Generator, number: int) -> pandas.DataFrame:
    count = IDENTIFIERS * VERSIONS
    times = numpy.sort(START + random.uniform(0, HOURS * 3600, count).round(3))
    identifiers = random.permutation(numpy.repeat(numpy.arange(IDENTIFIERS), VERSIONS)).astype(str)
    return pandas.DataFrame(
        {f"id{number}": identifiers, "t": times, f"a{number}": random.normal(size=count), f"b{number}": numpy.arange(count)}
    )


def _prepare(client: systems.Client, asked: pandas.DataFrame, groups: list[pandas.DataFrame]) -> list[str]:
    """Put the rows and the records to S3. Returns the tables' names in SQL."""
    s3, glue, sagemaker = client("s3"), client("glue"), client("sagemaker")
    s3.create_bucket(Bucket=systems.BUCKET)
    tables = [_asked_table(s3, glue, asked)]
    for number, records in enumerate(groups):
        kinds = {f"id{number}": "String", "t": "Fractional", f"a{number}": "Fractional", f"b{number}": "Integral"}
        name = f"group-{number}"
        sagemaker.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName=f"id{number}",
            EventTimeFeatureName="t",
            FeatureDefinitions=[{"FeatureName": feature, "FeatureType": kind} for feature, kind in kinds.items()],
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{systems.BUCKET}/store"}},
            RoleArn=systems.ROLE,
        )
        while (group := sagemaker.describe_feature_group(FeatureGroupName=name))["FeatureGroupStatus"] == "Creating":
            time.sleep(0.05)
        config = group["OfflineStoreConfig"]
        _put_hours(s3, records, config["S3StorageConfig"]["ResolvedOutputS3Uri"])
        tables.append(f'"{config["DataCatalogConfig"]["Database"]}"."{config["DataCatalogConfig"]["TableName"]}"')
    return tables


def _asked_table(s3: Any, glue: Any, asked: pandas.DataFrame) -> str:
    _put(s3, "asked/rows.parquet", asked)
    glue.create_database(DatabaseInput={"Name": "work"})
    kinds = {"row_id": "bigint", "asked": "double"} | {f"id{number}": "string" for number in range(GROUPS)}
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    columns = [{"Name": name, "Type": kind} for name, kind in kinds.items()]
    storage = {"Columns": columns, "Location": f"s3://{systems.BUCKET}/asked/", "SerdeInfo": serde}
    glue.create_table(DatabaseName="work", TableInput={"Name": "asked", "StorageDescriptor": storage, "PartitionKeys": []})
    return "work.asked"


def _put_hours(s3: Any, records: pandas.DataFrame, output: str) -> None:
    prefix, now = output.removeprefix(f"s3://{systems.BUCKET}/"), pandas.Timestamp.now("UTC").floor("ms")
    added = records.assign(write_time=now, api_invocation_time=now, is_deleted=False)
    for hour, part in added.groupby((added["t"] // 3600).astype(int)):
        moment = time.gmtime(hour * 3600)
        _put(s3, f"{prefix}/{time.strftime('year=%Y/month=%m/day=%d/hour=%H/%Y%m%dT%H%M%SZ_0000000000000000.parquet', moment)}", part)


def _put(s3: Any, key: str, content: pandas.DataFrame) -> None:
    body = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pandas(content, preserve_index=False), body)
    s3.put_object(Bucket=systems.BUCKET, Key=key, Body=body.getvalue())


def _as_of(asked: str, *groups: str) -> str:
    """The query: for every row and group, the newest record that is not newer than the row."""
    parts, chosen = [], []
    for number, group in enumerate(groups):
        parts.append(
            f"g{number} AS (SELECT * FROM (SELECT s.row_id, r.t AS t{number}, r.a{number}, r.b{number}, row_number() OVER ("
            f"PARTITION BY s.row_id ORDER BY r.t DESC, r.api_invocation_time DESC, r.write_time DESC) AS n "
            f"FROM {asked} s JOIN {group} r ON r.id{number} = s.id{number} AND r.t <= s.asked WHERE NOT r.is_deleted) WHERE n = 1)"
        )
        chosen.append(f"g{number}.t{number}, g{number}.a{number}, g{number}.b{number}")
    joins = " ".join(f"LEFT JOIN g{number} ON g{number}.row_id = s.row_id" for number in range(len(groups)))
    return f"WITH {', '.join(parts)} SELECT s.row_id, {', '.join(chosen)} FROM {asked} s {joins} ORDER BY s.row_id"


def _athena(client: systems.Client, sql: str) -> str:
    """Run the query. Returns the key of its result."""
    athena = client("athena")
    query = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": f"s3://{systems.BUCKET}/results/"})
    while True:
        found = athena.get_query_execution(QueryExecutionId=query["QueryExecutionId"])["QueryExecution"]
        if found["Status"]["State"] == "SUCCEEDED":
            return found["ResultConfiguration"]["OutputLocation"].removeprefix(f"s3://{systems.BUCKET}/")
        if found["Status"]["State"] in ("FAILED", "CANCELLED"):
            raise RuntimeError(found["Status"]["StateChangeReason"])
        time.sleep(0.01)


def _rows(client: systems.Client, key: str) -> pandas.DataFrame:
    return pandas.read_csv(io.BytesIO(client("s3").get_object(Bucket=systems.BUCKET, Key=key)["Body"].read()))


def _merged(asked: pandas.DataFrame, groups: list[pandas.DataFrame]) -> pandas.DataFrame:
    found = asked.sort_values("asked")
    for number, records in enumerate(groups):
        records = records.rename(columns={"t": f"t{number}"})
        found = pandas.merge_asof(found, records, left_on="asked", right_on=f"t{number}", by=f"id{number}")
    return found.sort_values("row_id")


def _bare(asked: pandas.DataFrame, groups: list[pandas.DataFrame]) -> pandas.DataFrame:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.register("asked", asked)
        for number, records in enumerate(groups):
            connection.register(f"group{number}", records.assign(api_invocation_time=0, write_time=0, is_deleted=False))
        return connection.execute(_as_of("asked", *(f"group{number}" for number in range(GROUPS)))).df()


def _require_same(found: pandas.DataFrame, expected: pandas.DataFrame) -> None:
    wanted = expected[list(found.columns)].reset_index(drop=True)
    pandas.testing.assert_frame_equal(found, wanted, check_dtype=False)
