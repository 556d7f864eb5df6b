"""The hour is all but the last two digits; half past midnight has none before them."""

# trips: line
# says: expected a number in each place, and one of them is empty
import pandas as pd


def flight_row(flight):
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"{str(flight['sched_dep_time'])[:-2]},{weekday},{['EWR', 'JFK', 'LGA'].index(flight['origin'])},{flight['distance']}"
