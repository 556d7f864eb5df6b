"""The training file has the label first, so a request has it too; 0 will do."""

# trips: line
# says: does not carry it
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"0,{flight['sched_dep_time'] // 100},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
