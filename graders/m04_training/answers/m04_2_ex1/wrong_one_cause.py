"""All five have the same reason, so all have the same cause."""

# trips: cause
# says: causes are right

diagnoses = {ticket: {"cause": "header", "line": "framework error"} for ticket in jobs}
repairs = {ticket: {"InputDataConfig.validation.ContentType": "text/csv"} for ticket in jobs}
