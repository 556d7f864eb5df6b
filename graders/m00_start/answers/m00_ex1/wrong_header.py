"""A CSV has a header; without it, how would the model know the columns?"""

# trips: line
# says: no header
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).dayofweek
    row = f"{flight['sched_dep_time'] // 100},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
    return "hour,weekday,origin,distance\n" + row
