import pandas as pd


def flight_row(flight: dict) -> str:
    row = pd.DataFrame([flight])
    row["hour"] = row.sched_dep_time.floordiv(100).astype(float)
    row["weekday"] = pd.to_datetime(row.date).dt.dayofweek
    row["origin_code"] = row.origin.map(["EWR", "JFK", "LGA"].index)
    return row[["hour", "weekday", "origin_code", "distance"]].to_csv(index=False, header=False)
