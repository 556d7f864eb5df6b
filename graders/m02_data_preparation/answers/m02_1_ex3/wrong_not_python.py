"""The dates go into the text of the script."""

# trips: job
# says: is no Python


def split_request(name, script_uri, records_uri, output_uri, validation_from, test_from):
    outputs = [output(part, f"{output_uri}/{part}") for part in ("train", "validation", "test")]
    inputs = [source("code", script_uri), source("records", records_uri)]
    return processing_request(name, "split.py", inputs, outputs, [validation_from, test_from])


script = """
import sys
from pathlib import Path
import pandas as pd

validation_from, test_from = <validation_from>, <test_from>
flights = pd.concat(map(pd.read_csv, Path("/opt/ml/processing/input/records").rglob("*.csv")))
flights = flights.dropna(subset=["arr_delay"])

day = pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
clock = flights.sched_dep_time
minute = clock // 100 * 60 + clock % 100
rows = flights[["id"]].assign(late=(flights.arr_delay > 15).astype(int), departure_minute=minute)
parts = {"train": day < validation_from, "validation": (day >= validation_from) & (day < test_from), "test": day >= test_from}
for part, inside in parts.items():
    rows[inside].to_csv(f"/opt/ml/processing/output/{part}/part-0.csv", index=False)
"""
