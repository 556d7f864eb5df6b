"""The reason speaks of the regular expression, so it is the regular expression."""

# trips: cause
# says: Are they all of one kind?

path = f"TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex"
streams = {label: printed(sagemaker, logs, job["HyperParameterTuningJobName"]) for label, job in jobs.items()}
diagnoses = {label: {"cause": "regex", "stream": next(iter(found)), "line": "Reporting training"} for label, found in streams.items()}
repairs = {label: {path: r"validation AUC ([0-9.]+)"} for label in jobs}
