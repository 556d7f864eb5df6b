"""A repair is a pair."""

# trips: form
# says: expected a dict from a path

repairs = {each: ("schedule.DataAnalysisEndTime", "-PT0S") for each in setups}
