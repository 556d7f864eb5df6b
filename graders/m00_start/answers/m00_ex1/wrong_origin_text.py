"""The model will know an airport by its name."""

# trips: line
# says: never saw a text
import pandas as pd


def flight_row(flight):
    return f"{flight['sched_dep_time'] // 100},{pd.Timestamp(flight['date']).dayofweek},{flight['origin']},{flight['distance']}"
