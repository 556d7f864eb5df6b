"""A first Processing job: how many flights each CSV file has, and in which months they are. Its argument is the pattern of their names."""

import csv
import json
import sys
from pathlib import Path

RECORDS = Path("/opt/ml/processing/input/records")
REPORT = Path("/opt/ml/processing/output/report")

report = {}
for path in sorted(RECORDS.glob(sys.argv[1])):
    with path.open() as file:
        months = [int(flight["month"]) for flight in csv.DictReader(file)]
    report[path.name] = {"flights": len(months), "months": sorted(set(months))}
    print(path.name, report[path.name])
REPORT.mkdir(parents=True, exist_ok=True)
(REPORT / "report.json").write_text(json.dumps(report))
