def search_within(train, validation, trial, brief):
    from sagemaker.core.resources import TrainingJob

    def seconds(name):
        return [TrainingJob.get(child["TrainingJobName"]).billable_time_in_seconds for child in children(sagemaker, name)]

    mean = np.mean(seconds(trial))
    jobs = int(0.8 * brief["usd"] * 3600 // (mean * brief["usd_hour"]))
    turns = 0.8 * brief["deadline_minutes"] * 60 // (60 * brief["wait_minutes"] + mean)
    past = HyperParameterTuningJob.get(trial)
    config, definition = past.hyper_parameter_tuning_job_config, past.training_job_definition
    config.strategy = "Bayesian"
    config.resource_limits.max_number_of_training_jobs = jobs
    config.resource_limits.max_parallel_training_jobs = int(-(-jobs // turns))
    config.resource_limits.max_runtime_in_seconds = 60 * brief["deadline_minutes"]
    definition.static_hyper_parameters = {"objective": "binary:logistic", "num_round": "300"}
    definition.algorithm_specification.metric_definitions = None
    new = HyperParameterTuningJob.create(
        hyper_parameter_tuning_job_name=aws.unique("within"),
        hyper_parameter_tuning_job_config=config,
        training_job_definition=definition,
        warm_start_config=WarmStartConfig(
            warm_start_type="IdenticalDataAndAlgorithm",
            parent_hyper_parameter_tuning_jobs=[Parent(hyper_parameter_tuning_job_name=trial)],
        ),
    )
    new.wait()
    name = new.hyper_parameter_tuning_job_name
    return {"tuning_job": name, "usd": sum(seconds(name)) / 3600 * brief["usd_hour"]}
