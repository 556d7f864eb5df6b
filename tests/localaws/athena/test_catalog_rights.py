"""A query has the rights of its caller in the Glue catalog, too."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from course.localaws.core.credentials import ACCOUNT
from course.localaws.core.sdk_environment import REGION
from tests.localaws import athena_queries
from tests.localaws.kms.conftest import User, allow

BUCKET, OUTPUT = "catalog-rights", "s3://catalog-rights/results/"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def run(client) -> Callable[..., str]:
    """Runs a statement. Returns why it failed; empty if it did not."""

    def run(text: str, athena=None) -> str:
        found = athena_queries.run(athena or client("athena"), text, OUTPUT, QueryExecutionContext={"Database": "rights"})
        return found["Status"].get("StateChangeReason", "")

    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="flights/1.csv", Body=b"1,UA\n")
    assert not run("CREATE DATABASE rights")
    table = f"(n int, carrier string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{BUCKET}/flights/'"
    assert not run(f"CREATE EXTERNAL TABLE flights {table}")
    assert not run(f"CREATE EXTERNAL TABLE others {table}")
    return run


@pytest.fixture
def user(local_aws, client) -> Callable[..., User]:
    """Makes a user with all rights in S3 and Athena, and the given ones in Glue."""

    def make(actions: list[str], *resources: str) -> User:
        glue = [allow(actions, [f"{GLUE}:{each}" for each in resources])] if actions else []
        return User(local_aws, client("iam"), allow(["s3:*", "athena:*"]), *glue)

    return make


def test_a_caller_without_rights_in_glue_is_refused_in_the_form_of_recorded_messages(run, user):
    somebody = user([])
    reason = run("SELECT * FROM flights", athena=somebody("athena"))
    assert reason.startswith(f"User: {somebody.arn} is not authorized to perform: glue:GetTable on resource: {GLUE}:catalog because no")
    assert "(Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: " in reason


def test_a_caller_reads_the_tables_that_its_policy_names(run, user):
    athena = user(["glue:GetTable"], "catalog", "database/rights", "table/rights/flights")("athena")
    assert not run("SELECT * FROM flights", athena=athena)
    assert f"glue:GetTable on resource: {GLUE}:table/rights/others" in run("SELECT * FROM others", athena=athena)
    assert f"{GLUE}:table/rights/others" in run("SELECT * FROM flights JOIN others USING (n)", athena=athena)


@pytest.mark.parametrize("missing", ["catalog", "database/rights", "table/rights/flights"])
def test_the_catalog_the_database_and_the_table_must_all_be_allowed(run, user, missing):
    there = {"catalog", "database/rights", "table/rights/flights"} - {missing}
    reason = run("SELECT * FROM flights", athena=user(["glue:GetTable"], *there)("athena"))
    assert f"glue:GetTable on resource: {GLUE}:{missing} because no identity-based policy allows the glue:GetTable action" in reason


CHANGES = {
    "glue:CreateDatabase": "CREATE DATABASE {new}",
    "glue:CreateTable": "CREATE TABLE {new} AS SELECT 1 AS n",
    "glue:DeleteTable": "DROP TABLE {old}",
    "glue:CreatePartition": "ALTER TABLE parts ADD PARTITION (month = {number})",
    "glue:GetPartitions": "SELECT * FROM parts",
    "glue:GetDatabases": "SHOW DATABASES",
    "glue:GetTables": "SHOW TABLES",
}


@pytest.mark.parametrize("action", CHANGES)
def test_each_statement_needs_its_own_right(run, user, action):
    number = next(NUMBERS)
    assert not run(f"CREATE EXTERNAL TABLE old{number} (n int) LOCATION 's3://{BUCKET}/old{number}/'")
    parts = f"CREATE EXTERNAL TABLE IF NOT EXISTS parts (n int) PARTITIONED BY (month int) LOCATION 's3://{BUCKET}/parts/'"
    assert not run(parts)
    text = CHANGES[action].format(new=f"new{number}", old=f"old{number}", number=number)
    without = [each for each in ("glue:GetDatabase", "glue:GetTable", *CHANGES) if each != action]
    assert f"is not authorized to perform: {action} on resource: {GLUE}:" in run(text, athena=user(without, "*")("athena"))
    assert not run(text, athena=user([*without, action], "*")("athena"))


def test_a_condition_on_the_service_that_calls_is_met(run, local_aws, client):
    def athena(called_via: str):
        glue = allow("glue:*") | {"Condition": {"ForAnyValue:StringEquals": {"aws:CalledVia": called_via}}}
        return User(local_aws, client("iam"), allow(["s3:*", "athena:*"]), glue)("athena")

    assert not run("SELECT * FROM flights", athena=athena("athena.amazonaws.com"))
    assert "glue:GetTable" in run("SELECT * FROM flights", athena=athena("redshift.amazonaws.com"))


def metadata(athena) -> Iterator[Callable[[], object]]:
    place = {"CatalogName": "AwsDataCatalog", "DatabaseName": "rights"}
    yield lambda: athena.list_databases(CatalogName="AwsDataCatalog")
    yield lambda: athena.get_database(**place)
    yield lambda: athena.list_table_metadata(**place)
    yield lambda: athena.get_table_metadata(**place, TableName="flights")


def test_reads_of_metadata_need_rights_in_glue(run, user):
    for read in metadata(user([])("athena")):
        with pytest.raises(ClientError, match=r"MetadataException.*is not authorized to perform: glue:Get"):
            read()
    for read in metadata(user(["glue:Get*"], "*")("athena")):
        read()
