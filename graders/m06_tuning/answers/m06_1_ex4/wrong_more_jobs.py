"""Nothing was found: try more."""

# trips: repair
# says: the number of jobs was not it

streams = {label: printed(sagemaker, logs, job["HyperParameterTuningJobName"]) for label, job in jobs.items()}
diagnoses = {label: {"cause": "interval", "stream": next(iter(found)), "line": "Reporting training"} for label, found in streams.items()}
repairs = {label: {"HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs": 6} for label in jobs}
