"""A Processing script: the flights that a new model learns from, and those on which it is measured.

Reads ``flights.parquet``: the columns ``month``, ``late`` and the features. To learn from, ``--window all`` takes all months before
``--month``, and ``last`` only the month before. The model is measured on ``--month`` itself.
"""

import argparse
from pathlib import Path

import pandas as pd

BASE = Path("/opt/ml/processing")
TEST_ROWS, SEED = 12_000, 2

parser = argparse.ArgumentParser()
parser.add_argument("--month", type=int, required=True)
parser.add_argument("--window", choices=["all", "last"], required=True)
parser.add_argument("--rows", type=int, default=10_000)
options = parser.parse_args()

flights = pd.read_parquet(BASE / "flights" / "flights.parquet")
past = flights.month < options.month if options.window == "all" else flights.month == options.month - 1
learn = flights[past].sample(options.rows, random_state=SEED)
test = flights[flights.month == options.month].sample(TEST_ROWS, random_state=SEED)
for name, rows in (("train", learn), ("test", test)):
    folder = BASE / name
    folder.mkdir(parents=True, exist_ok=True)
    rows.drop(columns="month").to_csv(folder / f"{name}.csv", header=False, index=False)
    print(f"{name}: {len(rows)} flights, {rows.late.mean():.1%} late")
