def split_request(name, script_uri, records_uri, output_uri, validation_from, test_from):
    def given(label, uri):
        place = f"/opt/ml/processing/input/{label}"
        return {"InputName": label, "S3Input": {"S3Uri": uri, "LocalPath": place, "S3DataType": "S3Prefix", "S3InputMode": "File"}}

    def made(label):
        place = {"S3Uri": f"{output_uri}/{label}", "LocalPath": f"/opt/ml/processing/output/{label}", "S3UploadMode": "EndOfJob"}
        return {"OutputName": label, "S3Output": place}

    run = {"ImageUri": image, "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/program/split.py"]}
    return {
        "ProcessingJobName": name,
        "RoleArn": aws.role,
        "AppSpecification": run | {"ContainerArguments": [validation_from, test_from]},
        "ProcessingInputs": [given("program", script_uri), given("records", records_uri)],
        "ProcessingOutputConfig": {"Outputs": [made(part) for part in ("train", "validation", "test")]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}},
    }


script = """
import sys
from pathlib import Path
import pandas as pd

validation_from, test_from = sys.argv[1:]
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
