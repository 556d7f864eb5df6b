def search(train, validation, jobs, seconds):
    from sagemaker.core.resources import HyperParameterTuningJob, TrainingJob

    name = aws.unique("late-flights")
    ranges = {"eta": ("0.01", "1"), "lambda": ("0.01", "1000"), "min_child_weight": ("0.1", "50")}
    continuous = [dict(zip(("Name", "MinValue", "MaxValue"), (each, *ends), strict=True)) for each, ends in ranges.items()]
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2, "MaxRuntimeInSeconds": seconds},
        },
        TrainingJobDefinition=definition(train, validation)
        | {
            "TuningObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "HyperParameterRanges": {"ContinuousParameterRanges": [each | {"ScalingType": "Auto"} for each in continuous]},
        },
    )
    job = HyperParameterTuningJob.get(name)
    job.wait()
    best = job.refresh().best_training_job.training_job_name
    model = TrainingJob.get(best).model_artifacts.s3_model_artifacts
    return {"tuning_job": name, "training_job": best, "model": model}
