"""The last line of a log says how it ended."""

# trips: evidence
# says: is in the logs of all five jobs

diagnoses = {ticket: {"cause": "format", "line": log_lines(name)[-1]} for ticket, name in jobs.items()}
repairs = {ticket: {"InputDataConfig.train.ContentType": "text/csv"} for ticket in jobs}
