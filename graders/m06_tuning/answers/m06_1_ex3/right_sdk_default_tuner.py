def search(train, validation, jobs, seconds):
    from sagemaker.core.resources import TrainingJob

    own = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"objective": "binary:logistic", "num_round": 20, "eta": 0.3},
        sagemaker_session=aws.session,
    )
    searched = HyperparameterTuner(
        own,
        "validation:auc",
        {"max_depth": IntegerParameter(2, 9), "eta": ContinuousParameter(0.05, 0.3), "alpha": ContinuousParameter(0.001, 10)},
        max_jobs=jobs,
        max_runtime_in_seconds=seconds,
        early_stopping_type="Auto",
    )
    csv = [sdk_channel("validation", validation)]
    csv.append(sdk_channel("train", train))
    searched.tune(csv, aws.unique("flights"), wait=False)
    searched.wait()
    best = TrainingJob.get(searched.best_training_job())
    name = searched.latest_tuning_job.hyper_parameter_tuning_job_name
    return {"tuning_job": name, "training_job": best.training_job_name, "model": best.model_artifacts.s3_model_artifacts}
