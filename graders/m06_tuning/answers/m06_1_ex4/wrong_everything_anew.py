"""Set right whatever may be at fault."""

# trips: repair
# says: more than the fault

streams = {label: printed(sagemaker, logs, job["HyperParameterTuningJobName"]) for label, job in jobs.items()}
diagnoses = {label: {"cause": "objective", "stream": next(iter(found)), "line": "rows to train on"} for label, found in streams.items()}
repairs = {}
for label, request in requests.items():
    own = "TrainingJobDefinition"
    second = f"{own}.InputDataConfig.{request[own]['InputDataConfig'][1]['ChannelName']}"
    repairs[label] = {
        "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type": "Maximize",
        "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName": METRIC,
        f"{own}.AlgorithmSpecification.MetricDefinitions.{METRIC}.Regex": r"validation AUC ([0-9.]+)",
        f"{own}.StaticHyperParameters.report-every": "10",
        f"{second}.DataSource.S3DataSource.S3Uri": f"{folder}/validation/",
        f"{second}.ChannelName": "validation",
    }
