"""Everything needs more time."""

# trips: repair
# says: time was not it

diagnoses = {ticket: {"cause": "range", "line": "Encountered exit_code 1"} for ticket in jobs}
repairs = {ticket: {"StoppingCondition.MaxRuntimeInSeconds": 3600} for ticket in jobs}
