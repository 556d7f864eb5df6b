def repeat(name, strategy, seed):
    past = HyperParameterTuningJob.get(name)
    config, definition = past.hyper_parameter_tuning_job_config, past.training_job_definition
    resources, goal = definition.resource_config, config.hyper_parameter_tuning_job_objective
    static = {key: value for key, value in definition.static_hyper_parameters.items() if key != "_tuning_objective_metric"}
    same = ModelTrainer(
        training_image=definition.algorithm_specification.training_image,
        role=definition.role_arn,
        compute=configs.Compute(
            instance_type=resources.instance_type,
            instance_count=resources.instance_count,
            volume_size_in_gb=resources.volume_size_in_gb,
        ),
        stopping_condition=configs.StoppingCondition(max_runtime_in_seconds=definition.stopping_condition.max_runtime_in_seconds),
        output_data_config=configs.OutputDataConfig(s3_output_path=definition.output_data_config.s3_output_path),
        hyperparameters=static,
        sagemaker_session=trainer.sagemaker_session,
    )
    kinds = {}
    for each in config.parameter_ranges.continuous_parameter_ranges:
        ends = float(each.min_value), float(each.max_value)
        kinds[each.name] = ContinuousParameter(*ends, scaling_type=each.scaling_type)
    for each in config.parameter_ranges.integer_parameter_ranges:
        ends = int(each.min_value), int(each.max_value)
        kinds[each.name] = IntegerParameter(*ends, scaling_type=each.scaling_type)
    again = HyperparameterTuner(
        same,
        goal.metric_name,
        kinds,
        strategy=strategy,
        objective_type=goal.type,
        max_jobs=config.resource_limits.max_number_of_training_jobs,
        max_parallel_jobs=config.resource_limits.max_parallel_training_jobs,
        early_stopping_type=config.training_job_early_stopping_type,
        random_seed=seed,
    )
    new = aws.unique("repeat")
    again.tune(definition.input_data_config, job_name=new)
    best, before = (job.best_training_job.final_hyper_parameter_tuning_job_objective_metric.value for job in (again.describe(), past))
    return {"tuning_job": new, "gain": best - before if goal.type == "Maximize" else before - best}
