"""A sentence says more than a word."""

# trips: form
# says: expected a word of the table

diagnoses = {ticket: {"cause": "the data were wrong", "line": "framework error"} for ticket in jobs}
repairs = {ticket: {"HyperParameters.eta": "0.2"} for ticket in jobs}
