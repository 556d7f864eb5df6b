"""The tuner of the lesson is at hand, so it only needs the other data."""

# trips: same
# says: say where and what it searched


def repeat(name, strategy, seed):
    past = HyperParameterTuningJob.get(name)
    again = HyperparameterTuner(trainer, "validation:auc", ranges, strategy=strategy, random_seed=seed, max_jobs=2, max_parallel_jobs=2)
    new = aws.unique("repeat")
    again.tune(past.training_job_definition.input_data_config, job_name=new)
    best, before = (job.best_training_job.final_hyper_parameter_tuning_job_objective_metric.value for job in (again.describe(), past))
    rises = past.hyper_parameter_tuning_job_config.hyper_parameter_tuning_job_objective.type == "Maximize"
    return {"tuning_job": new, "gain": best - before if rises else before - best}
