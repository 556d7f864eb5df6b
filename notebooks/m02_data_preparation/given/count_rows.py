"""A first Processing job: how many flights each CSV file has, and in which months they are. Its argument is the pattern of their names."""

import json
import sys
from pathlib import Path

import pandas as pd

RECORDS = Path("/opt/ml/processing/input/records")
REPORT = Path("/opt/ml/processing/output/report")

report = {}
for path in sorted(RECORDS.glob(sys.argv[1])):
    flights = pd.read_csv(path)
    report[path.name] = {"flights": len(flights), "months": sorted(set(flights.month.tolist()))}
    print(path.name, report[path.name])
REPORT.mkdir(parents=True, exist_ok=True)
(REPORT / "report.json").write_text(json.dumps(report))
