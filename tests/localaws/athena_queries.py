"""Runs a query in Athena and reads its result, through boto3."""

from __future__ import annotations

import time
from typing import Any

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
SECONDS = 120


def run(athena: Any, sql: str, output: str, key: str | None = None, **more: Any) -> dict:
    """Start a query and wait. Returns its description.

    Parameters
    ----------
    athena : boto3 client
    sql : str
    output : str
        The S3 URI of a folder for results.
    key : str, optional
        The KMS key of the results.
    more
        Further parameters of StartQueryExecution.
    """
    encryption = {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": key}} if key else {}
    query = athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": output} | encryption, **more)
    query = query["QueryExecutionId"]
    limit = time.monotonic() + SECONDS
    while (found := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])["Status"]["State"] not in ENDED:
        assert time.monotonic() < limit, f"the query did not end within {SECONDS} s"
        time.sleep(0.02)
    return found


def lines(athena: Any, found: dict) -> list[list[str | None]]:
    """The lines of a query's result, by its description. The first one has the names of the columns, if it is a SELECT."""
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=found["QueryExecutionId"])
    return [[field.get("VarCharValue") for field in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
