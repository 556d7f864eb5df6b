"""The time column is a number, so it goes in as it stands."""

# trips: values
# says: not a number of hours
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"{flight['sched_dep_time']},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
