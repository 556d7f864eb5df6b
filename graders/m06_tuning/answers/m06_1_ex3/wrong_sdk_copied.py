"""The search of the text, with other limits and ranges."""

# trips: objective
# says: judges by validation:logloss


def search(train, validation, jobs, seconds):
    name = aws.unique("late-flights")
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="validation:logloss",
        objective_type="Minimize",
        hyperparameter_ranges={
            "eta": ContinuousParameter(0.02, 0.5, scaling_type="Logarithmic"),
            "min_child_weight": ContinuousParameter(0.1, 30, scaling_type="Logarithmic"),
            "lambda": ContinuousParameter(0.01, 100, scaling_type="Logarithmic"),
        },
        strategy="Random",
        max_jobs=jobs,
        max_parallel_jobs=2,
        max_runtime_in_seconds=seconds,
    )
    uris = {"train": train, "validation": validation}
    inputs = [sdk_channel(each, uri) for each, uri in uris.items()]
    tuner.tune(inputs=inputs, job_name=name)
    best = tuner.best_training_job()
    model = sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"]["S3ModelArtifacts"]
    return {"tuning_job": name, "training_job": best, "model": model}
