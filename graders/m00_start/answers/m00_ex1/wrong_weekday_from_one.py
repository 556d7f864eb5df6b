"""Monday is the first day of the week, so it is 1."""

# trips: values
# says: counts from 1
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).isoweekday()
    return f"{flight['sched_dep_time'] // 100},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
