"""The best value says how good it is."""

# trips: gain
# says: that is the best value itself


def repeat(name, strategy, seed):
    past = HyperParameterTuningJob.get(name)
    config, definition = past.hyper_parameter_tuning_job_config, past.training_job_definition
    config.strategy, config.random_seed = strategy, seed
    definition.static_hyper_parameters.pop("_tuning_objective_metric")
    definition.algorithm_specification.metric_definitions = None
    again = HyperParameterTuningJob.create(
        hyper_parameter_tuning_job_name=aws.unique("repeat"),
        hyper_parameter_tuning_job_config=config,
        training_job_definition=definition,
    )
    again.wait()
    best = again.refresh().best_training_job.final_hyper_parameter_tuning_job_objective_metric.value
    return {"tuning_job": again.hyper_parameter_tuning_job_name, "gain": best}
