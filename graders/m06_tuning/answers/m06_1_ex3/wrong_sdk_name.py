"""The SDK finds a name by itself."""

# trips: winner
# says: it asks for a name that is taken


def search(train, validation, jobs, seconds):
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="validation:auc",
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
    tuner.tune(inputs=inputs)
    name = tuner.latest_tuning_job.hyper_parameter_tuning_job_name
    best = tuner.best_training_job()
    model = sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"]["S3ModelArtifacts"]
    return {"tuning_job": name, "training_job": best, "model": model}
