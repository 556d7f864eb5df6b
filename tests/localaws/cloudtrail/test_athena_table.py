"""Athena over the log files of a trail, with the tables of AWS's documentation: with and without partition projection."""

from __future__ import annotations

import pytest

from tests.localaws import athena_queries
from tests.localaws.cloudtrail.trail_fixtures import ACCOUNT, TrailFixtures

# "Create a table for CloudTrail logs in Athena using partition projection" (Athena User Guide), read 2026-11-30.
COLUMNS = """
    eventversion STRING,
    useridentity STRUCT<
        type: STRING,
        principalid: STRING,
        arn: STRING,
        accountid: STRING,
        invokedby: STRING,
        accesskeyid: STRING,
        username: STRING,
        onbehalfof: STRUCT<
            userid: STRING,
            identitystorearn: STRING>,
        sessioncontext: STRUCT<
            attributes: STRUCT<
                mfaauthenticated: STRING,
                creationdate: STRING>,
            sessionissuer: STRUCT<
                type: STRING,
                principalid: STRING,
                arn: STRING,
                accountid: STRING,
                username: STRING>,
            ec2roledelivery: STRING,
            webidfederationdata: STRUCT<
                federatedprovider: STRING,
                attributes: map<string,string>>
        >
    >,
    eventtime STRING,
    eventsource STRING,
    eventname STRING,
    awsregion STRING,
    sourceipaddress STRING,
    useragent STRING,
    errorcode STRING,
    errormessage STRING,
    requestparameters STRING,
    responseelements STRING,
    additionaleventdata STRING,
    requestid STRING,
    eventid STRING,
    readonly STRING,
    resources ARRAY<STRUCT<
        arn: STRING,
        accountid: STRING,
        type: STRING>>,
    eventtype STRING,
    apiversion STRING,
    recipientaccountid STRING,
    serviceeventdetails STRING,
    sharedeventid STRING,
    vpcendpointid STRING,
    tlsdetails STRUCT<
        tlsversion: STRING,
        ciphersuite: STRING,
        clientprovidedhostheader: STRING>
"""
FORMAT = """
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
"""
PLACE = f"s3://athena-trail/AWSLogs/{ACCOUNT}/CloudTrail"
TABLES = {
    "projected": f"""CREATE EXTERNAL TABLE projected({COLUMNS})
PARTITIONED BY (`timestamp` string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' {FORMAT}
LOCATION '{PLACE}/us-east-1'
TBLPROPERTIES (
  'projection.enabled'='true',
  'projection.timestamp.format'='yyyy/MM/dd',
  'projection.timestamp.interval'='1',
  'projection.timestamp.interval.unit'='DAYS',
  'projection.timestamp.range'='2020/01/01,NOW',
  'projection.timestamp.type'='date',
  'storage.location.template'='{PLACE}/us-east-1/${{timestamp}}')""",
    "whole": f"""CREATE EXTERNAL TABLE whole({COLUMNS})
PARTITIONED BY (region string, year string, month string, day string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' {FORMAT}
LOCATION '{PLACE}/'""",
    "old": f"""CREATE EXTERNAL TABLE old({COLUMNS})
ROW FORMAT SERDE 'com.amazon.emr.hive.serde.CloudTrailSerde' {FORMAT}
LOCATION '{PLACE}/us-east-1/'""",
}


@pytest.fixture(scope="module")
def query(aws: TrailFixtures):
    """Runs a query over a trail's files. Returns the rows."""
    bucket = aws.bucket("athena-trail")
    aws.s3.create_bucket(Bucket="athena-results")
    aws.logging("athena", bucket)
    aws.client("iam").create_user(UserName="queried")
    with pytest.raises(Exception, match="no-such"):
        aws.client("sagemaker").describe_model(ModelName="no-such")
    aws.s3.create_bucket(Bucket="athena-target")
    aws.pass_minutes(5)
    aws.pass_minutes(24 * 60)
    aws.client("iam").delete_user(UserName="queried")
    aws.pass_minutes(5)
    athena = aws.client("athena")

    def run(sql: str) -> list[list[str | None]]:
        found = athena_queries.run(athena, sql, "s3://athena-results/")
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        return athena_queries.lines(athena, found)[1:]

    for statement in TABLES.values():
        run(statement)
    return run


@pytest.mark.parametrize("table", ["projected", "old"])
def test_a_row_is_a_record(aws: TrailFixtures, query, table: str) -> None:
    columns = "eventname, eventsource, useridentity.type, useridentity.sessioncontext.sessionissuer.username, errorcode, readonly"
    rows = query(f"SELECT {columns}, requestparameters, eventid FROM {table} ORDER BY eventtime, eventid")
    records = sorted(aws.records("athena-trail"), key=lambda each: (each["eventTime"], each["eventID"]))
    assert [(row[0], row[1], row[4], row[5], row[7]) for row in rows] == [
        (each["eventName"], each["eventSource"], each.get("errorCode"), str(each["readOnly"]).lower(), each["eventID"]) for each in records
    ]
    assert {(row[2], row[3]) for row in rows} == {("AssumedRole", "Administrator")}


def test_parameters_and_resources_can_be_taken_apart(query) -> None:
    sql = "SELECT json_extract_scalar(requestparameters, '$.userName') FROM projected WHERE eventname = 'CreateUser'"
    assert query(sql) == [["queried"]]
    assert query("SELECT resource.arn FROM projected CROSS JOIN UNNEST(resources) AS t(resource) WHERE eventname = 'CreateBucket'") == [
        ["arn:aws:s3:::athena-target"]
    ]


def test_projection_finds_the_days_and_reads_only_those_that_are_asked_for(aws: TrailFixtures, query) -> None:
    days = sorted({key.partition("/us-east-1/")[2][:10] for key in aws.keys("athena-trail")})
    assert [row[0] for row in query("SELECT DISTINCT timestamp FROM projected ORDER BY 1")] == days and len(days) == 2
    last = query(f"SELECT eventname FROM projected WHERE timestamp = '{days[-1]}'")
    assert ["DeleteUser"] in last and ["CreateUser"] not in last
    assert query("SELECT count(*) FROM projected WHERE timestamp > '2099/01/01'") == [["0"]]


def test_partitions_that_are_added_by_hand_are_read(aws: TrailFixtures, query) -> None:
    year, month, day = aws.keys("athena-trail")[0].partition("/us-east-1/")[2].split("/")[:3]
    values = f"region='us-east-1', year='{year}', month='{month}', day='{day}'"
    query(f"ALTER TABLE whole ADD PARTITION ({values}) LOCATION '{PLACE}/us-east-1/{year}/{month}/{day}/'")
    assert query("SELECT region, eventname FROM whole WHERE eventname = 'CreateUser'") == [["us-east-1", "CreateUser"]]
