"""1745 is nearer to 18 than to 17."""

# trips: values
# says: leaves in the hour 17
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"{round(flight['sched_dep_time'] / 100)},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
