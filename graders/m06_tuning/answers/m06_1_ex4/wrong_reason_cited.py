"""The reason of the failure is the evidence."""

# trips: evidence
# says: expected words of one of its lines

streams = {label: printed(sagemaker, logs, job["HyperParameterTuningJobName"]) for label, job in jobs.items()}
diagnoses = {
    label: {"cause": "regex", "stream": next(iter(found)), "line": jobs[label].get("FailureReason", "no complaint")}
    for label, found in streams.items()
}
repairs = {label: {"TrainingJobDefinition.StaticHyperParameters.report-every": "10"} for label in jobs}
