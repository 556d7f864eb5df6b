"""Runs a query in Athena, and returns its rows as a table."""

import threading
from typing import Any

import pandas as pd

LOOK_EVERY = 0.05  # seconds
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


def query(aws: Any, sql: str) -> pd.DataFrame:
    """The rows of an Athena query; every value is text, and a gap is None.

    Raises
    ------
    RuntimeError
        When the query failed; the message is Athena's reason.
    """
    athena = aws.client("athena")
    where = {"OutputLocation": f"s3://{aws.bucket}/{aws.prefix}/athena/"}
    started = athena.start_query_execution(QueryString=sql, ResultConfiguration=where)["QueryExecutionId"]
    while (status := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"])["State"] not in ENDED:
        threading.Event().wait(LOOK_EVERY)
    if status["State"] != "SUCCEEDED":
        raise RuntimeError(status.get("StateChangeReason", status["State"]))
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    return pd.DataFrame(rows[1:], columns=rows[0]) if rows else pd.DataFrame()
