"""All five have the same reason, so all have the same cause."""

# trips: cause
# says: Judged for jobs that end well after your repair

diagnoses = {ticket: {"cause": "header", "line": "framework error"} for ticket in jobs}
repairs = {ticket: {"InputDataConfig.validation.ContentType": "text/csv"} for ticket in jobs}
