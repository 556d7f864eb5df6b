def search(train, validation, jobs, seconds):
    name = aws.unique("late-flights")
    ranges = [
        {"Name": each, "MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"}
        for each, low, high in (("eta", "0.02", "0.5"), ("min_child_weight", "0.1", "30"), ("lambda", "0.01", "100"))
    ]
    configuration = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": seconds},
        "ParameterRanges": {"ContinuousParameterRanges": ranges},
    }
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=configuration,
        TrainingJobDefinition=definition(train, validation),
    )
    best = wait_for_tuning(sagemaker, name)["BestTrainingJob"]["TrainingJobName"]
    model = sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"]["S3ModelArtifacts"]
    return {"tuning_job": name, "training_job": best, "model": model}
