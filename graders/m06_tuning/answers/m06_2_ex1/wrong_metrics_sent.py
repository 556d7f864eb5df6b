"""A description can be sent as it is."""

# trips: changed
# says: a built-in algorithm has its own


def repeat(name, strategy, seed):
    past = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    config, definition = past["HyperParameterTuningJobConfig"] | {"Strategy": strategy, "RandomSeed": seed}, past["TrainingJobDefinition"]
    again = aws.unique("repeat")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=again,
        HyperParameterTuningJobConfig=config,
        TrainingJobDefinition=definition,
    )
    job = wait_for_tuning(sagemaker, again)
    best, old = (each["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for each in (job, past))
    rises = config["HyperParameterTuningJobObjective"]["Type"] == "Maximize"
    return {"tuning_job": again, "gain": best - old if rises else old - best}
