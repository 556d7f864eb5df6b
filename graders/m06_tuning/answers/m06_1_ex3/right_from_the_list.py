def search(train, validation, jobs, seconds):
    name = aws.unique("flights")
    depth = {"Name": "max_depth", "MinValue": "2", "MaxValue": "9", "ScalingType": "Linear"}
    rest = {"eta": (0.05, 0.3), "gamma": (0.001, 5), "alpha": (0.001, 10)}
    ranges = [{"Name": key, "MinValue": str(low), "MaxValue": str(high), "ScalingType": "Logarithmic"} for key, (low, high) in rest.items()]
    configuration = {
        "Strategy": "Random",
        "RandomSeed": SEED,
        "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
        "ResourceLimits": {"MaxRuntimeInSeconds": seconds, "MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": jobs},
        "ParameterRanges": {"IntegerParameterRanges": [depth], "ContinuousParameterRanges": ranges},
    }
    run(sagemaker, name, {"HyperParameterTuningJobConfig": configuration, "TrainingJobDefinition": definition(train, validation)})
    listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending"
    )
    best = listed["TrainingJobSummaries"][0]["TrainingJobName"]
    described = sagemaker.describe_training_job(TrainingJobName=best)
    return {"tuning_job": name, "training_job": best, "model": described["ModelArtifacts"]["S3ModelArtifacts"]}
