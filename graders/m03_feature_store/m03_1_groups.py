"""Feature groups of a check of m03_1 or m03_2: made, filled, read, and deleted again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from course.cleanup import delete_bucket
from course.grading import Answer, AnswerError
from course.grading.jobs import sagemaker_role

LOOKS, PAUSE = 300, 0.2  # the most looks at a state, and seconds between two; AWS's offline store may need 15 minutes
AT_ONCE = 4  # groups that an account may create at the same time
ONLINE = {"OnlineStoreConfig": {"EnableOnlineStore": True}}
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
DATABASE = "sagemaker_featurestore"
STATE = {
    "RecordIdentifierFeatureName": "origin",
    "EventTimeFeatureName": "event_time",
    "FeatureDefinitions": [
        {"FeatureName": "origin", "FeatureType": "String"},
        {"FeatureName": "event_time", "FeatureType": "String"},
        {"FeatureName": "departures_2h", "FeatureType": "Integral"},
        {"FeatureName": "mean_delay_2h", "FeatureType": "Fractional"},
    ],
}


class Store:
    """The feature store as the check sees it. Making a client takes longer than a request, so each is made once."""

    def __init__(self, answer: Answer) -> None:
        self.sagemaker, self.records = answer.client("sagemaker"), answer.client("sagemaker-featurestore-runtime")
        self._client = answer.client

    @contextlib.contextmanager
    def groups(self, requests: dict[str, dict]) -> Iterator[None]:
        """Groups by name, once they are created. They are deleted afterwards, also when one of them cannot be made."""
        names: list[str] = []
        try:
            for name, request in requests.items():
                if len(names) % AT_ONCE == 0:
                    list(map(self._settled, names))
                self.sagemaker.create_feature_group(FeatureGroupName=name, **request)
                names.append(name)
            for group in map(self._settled, names):
                if group["FeatureGroupStatus"] != "Created":
                    raise AnswerError(f"A feature group could not be created: {group.get('FailureReason', 'no reason is given')}")
            yield
        finally:
            for name in names:
                self._settled(name)  # a group cannot be deleted while it is created or updated
                self.sagemaker.delete_feature_group(FeatureGroupName=name)

    def _settled(self, name: str) -> dict:
        """The description of a group, once it is neither created nor updated."""
        for _ in range(LOOKS):
            group = self.sagemaker.describe_feature_group(FeatureGroupName=name)
            if group["FeatureGroupStatus"] != "Creating" and group.get("LastUpdateStatus", {}).get("Status") != "InProgress":
                break
            threading.Event().wait(PAUSE)
        return group

    @contextlib.contextmanager
    def bucket(self, name: str) -> Iterator[dict]:
        """The members ``OfflineStoreConfig`` and ``RoleArn`` of a group with an offline store. Both are gone afterwards."""
        s3, glue = self._client("s3"), self._client("glue")
        role = sagemaker_role(self._client("iam"))
        s3.create_bucket(Bucket=name)
        try:
            yield {"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": f"s3://{name}/offline"}}, "RoleArn": role}
        finally:
            delete_bucket(s3, name)
            with contextlib.suppress(glue.exceptions.EntityNotFoundException):
                for table in glue.get_tables(DatabaseName=DATABASE)["TableList"]:
                    if f"s3://{name}/" in table["StorageDescriptor"]["Location"]:
                        glue.delete_table(DatabaseName=DATABASE, Name=table["Name"])

    def put(self, group: str, record: dict, *stores: str) -> None:
        """Write a record to some stores; to all of the group's when none is named."""
        values = [{"FeatureName": name, "ValueAsString": str(value)} for name, value in record.items()]
        where = {"TargetStores": list(stores)} if stores else {}
        self.records.put_record(FeatureGroupName=group, Record=values, **where)

    def get(self, group: str, identifier: str) -> dict[str, str]:
        """The online record as text, empty when there is none."""
        found = self.records.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier).get("Record", [])
        return {value["FeatureName"]: value.get("ValueAsString", "") for value in found}

    def rows_when(self, group: str, place: str, complete: Callable[[list[dict]], bool]) -> list[dict]:
        """The rows of a group's offline store as text, once they are complete. ``place`` is an S3 URI for Athena's results."""
        config = self.sagemaker.describe_feature_group(FeatureGroupName=group)["OfflineStoreConfig"]["DataCatalogConfig"]
        sql = f'SELECT * FROM "{config["Database"]}"."{config["TableName"]}"'
        athena = self._client("athena")
        for _ in range(LOOKS):
            found = _rows(athena, sql, place)
            if complete(found):
                return found
            threading.Event().wait(PAUSE)
        raise AnswerError("The offline store did not show the records that were written to it.")


def _rows(athena: Any, sql: str, place: str) -> list[dict]:
    started = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": place})["QueryExecutionId"]
    for _ in range(LOOKS):
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        if status["State"] in ENDED:
            break
        threading.Event().wait(PAUSE / 4)
    if status["State"] != "SUCCEEDED":
        raise AnswerError(f"Athena could not read the offline store: {status.get('StateChangeReason', status['State'])}")
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    cells = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]
