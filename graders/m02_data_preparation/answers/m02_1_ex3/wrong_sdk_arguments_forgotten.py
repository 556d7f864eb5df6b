"""The SDK hands the script what it needs."""

# trips: job
# says: not enough values to unpack


def split_request(name, script_uri, records_uri, output_uri, validation_from, test_from):
    inputs = [reads("records", records_uri)]
    outputs = [writes(part, f"{output_uri}/{part}") for part in ("train", "validation", "test")]
    processor.run(script_uri, inputs=inputs, outputs=outputs, job_name=name)


script = """
import sys
from pathlib import Path
import pandas as pd

validation_from, test_from = sys.argv[1:]
files = Path("/opt/ml/processing/input/records").rglob("*.csv")
flights = pd.concat(map(pd.read_csv, files)).dropna(subset=["arr_delay"])
day = pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
clock = flights.sched_dep_time
rows = flights[["id", "carrier"]].assign(late=(flights.arr_delay > 15).astype(int))
rows["departure_minute"] = clock // 100 * 60 + clock % 100
train, test = day < validation_from, day >= test_from
parts = {"train": train, "validation": ~(train | test), "test": test}
for part, inside in parts.items():
    rows[inside].to_csv(f"/opt/ml/processing/output/{part}/part-0.csv", index=False)
"""
