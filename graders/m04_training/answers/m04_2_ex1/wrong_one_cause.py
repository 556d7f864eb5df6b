"""All five have the same reason, so all have the same cause."""

# trips: cause
# says: judged once the job ends well with your repair
# says: ended Failed, expected Completed. Read its log.

diagnoses = {ticket: {"cause": "header", "line": "framework error"} for ticket in jobs}
repairs = {ticket: {"InputDataConfig.validation.ContentType": "text/csv"} for ticket in jobs}
