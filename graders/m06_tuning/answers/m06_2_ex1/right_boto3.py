def repeat(name, strategy, seed):
    past = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    config, definition = past["HyperParameterTuningJobConfig"] | {"Strategy": strategy, "RandomSeed": seed}, past["TrainingJobDefinition"]
    del definition["AlgorithmSpecification"]["MetricDefinitions"], definition["StaticHyperParameters"]["_tuning_objective_metric"]
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
