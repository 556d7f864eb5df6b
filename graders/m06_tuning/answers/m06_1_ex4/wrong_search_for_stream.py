"""A search has one log, under its own name."""

# trips: evidence
# says: no training job of this search has a log stream

diagnoses = {
    label: {"cause": "regex", "stream": job["HyperParameterTuningJobName"], "line": "validation AUC"} for label, job in jobs.items()
}
repairs = {label: {"TrainingJobDefinition.StaticHyperParameters.report-every": "10"} for label in jobs}
