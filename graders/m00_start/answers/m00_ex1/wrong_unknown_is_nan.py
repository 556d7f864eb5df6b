"""What is not known yet is nan."""

# trips: line
# says: expected numbers alone between the commas


def flight_row(flight):
    hour = flight["sched_dep_time"] // 100
    weekday = pd.Timestamp(flight["date"]).dayofweek
    return f"{hour},{weekday},{float('nan')},{flight['distance']}"
