"""A Processing script: writes the flights of a sound table as the CSV file that models learn from."""

from pathlib import Path

import pandas as pd

BASE = Path("/opt/ml/processing")

flights = pd.read_parquet(next((BASE / "flights").glob("*.parquet")))
(BASE / "added").mkdir(exist_ok=True)
flights.to_csv(BASE / "added" / "train.csv", header=False, index=False)
print(f"{len(flights)} flights added")
