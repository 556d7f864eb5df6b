"""A Processing script: the flights that a new model learns from, and those on which it is measured.

Reads ``flights.csv``: the columns ``month``, ``late`` and the features. To learn from, ``--window all`` takes all months before
``--month``, and ``last`` only the month before. The model is measured on ``--month`` itself.
"""

import argparse
import csv
import random
from pathlib import Path

BASE = Path("/opt/ml/processing")
ROWS, TEST_ROWS = 2_000, 1_500

parser = argparse.ArgumentParser()
parser.add_argument("--month", type=int, required=True)
parser.add_argument("--window", choices=["all", "last"], required=True)
options = parser.parse_args()

with (BASE / "flights" / "flights.csv").open() as file:
    flights = [(int(row.pop("month")), list(row.values())) for row in csv.DictReader(file)]
first = 1 if options.window == "all" else options.month - 1
learn = [row for month, row in flights if first <= month < options.month]
test = [row for month, row in flights if month == options.month]
for name, rows, count in (("train", learn, ROWS), ("test", test, TEST_ROWS)):
    folder = BASE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows(random.Random(2).sample(rows, count))
    print(f"{name}: {count} flights")
