def split_request(name, script_uri, records_uri, output_uri, validation_from, test_from):
    outputs = [output(part, f"{output_uri}/{part}") for part in ("train", "validation", "test")]
    inputs = [source("code", script_uri), source("records", records_uri)]
    return processing_request(name, "split.py", inputs, outputs, [validation_from, test_from])


script = """
import csv, pathlib, sys

borders = sys.argv[1:]
out = pathlib.Path("/opt/ml/processing/output")
rows = {"train": [], "validation": [], "test": []}
for path in sorted(pathlib.Path("/opt/ml/processing/input/records").glob("**/*.csv")):
    for row in csv.DictReader(path.open()):
        if row["arr_delay"] == "":
            continue
        day = "{}-{:02}-{:02}".format(row["year"], int(row["month"]), int(row["day"]))
        part = list(rows)[sum(day >= border for border in borders)]
        hours, minutes = divmod(int(row["sched_dep_time"]), 100)
        rows[part].append([row["id"], int(float(row["arr_delay"]) > 15), 60 * hours + minutes])
for part, found in rows.items():
    with (out / part / "rows.csv").open("w", newline="") as target:
        csv.writer(target).writerows([["id", "late", "departure_minute"], *found])
"""
