"""A sentence says more than a word."""

# trips: form
# says: expected a word of the table

diagnoses = {label: {"cause": "it printed nothing", "stream": "algo-1", "line": "nothing"} for label in jobs}
repairs = {label: {"TrainingJobDefinition.StaticHyperParameters.report-every": "10"} for label in jobs}
