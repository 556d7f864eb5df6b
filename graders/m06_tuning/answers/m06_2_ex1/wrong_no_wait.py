"""`create` came back, so there is a result."""

# trips: gain
# says: its best value is not known yet


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
    best = again.refresh().best_training_job
    value = getattr(best, "final_hyper_parameter_tuning_job_objective_metric", None)
    return {"tuning_job": again.hyper_parameter_tuning_job_name, "gain": getattr(value, "value", 0.0)}
