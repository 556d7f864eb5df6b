"""The call came back, so the search is done."""

# trips: winner
# says: who has won is not known yet


def search(train, validation, jobs, seconds):
    name = aws.unique("late-flights")
    ranges = [
        {"Name": each, "MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"}
        for each, low, high in (("eta", "0.02", "0.5"), ("min_child_weight", "0.1", "30"), ("lambda", "0.01", "100"))
    ]
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": seconds},
            "ParameterRanges": {"ContinuousParameterRanges": ranges},
        },
        TrainingJobDefinition=definition(train, validation),
    )
    first = f"{name}-001"
    return {"tuning_job": name, "training_job": first, "model": f"s3://{aws.bucket}/{aws.prefix}/models/{first}/output/model.tar.gz"}
