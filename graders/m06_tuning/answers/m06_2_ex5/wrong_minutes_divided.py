"""All minutes of all jobs, divided by the minutes there are."""

# trips: plan
# says: How many turns are there, and how long is each


def search_within(train, validation, trial, brief):
    from given.budget import configuration, definition

    def bill(name):
        described = [sagemaker.describe_training_job(TrainingJobName=each["TrainingJobName"]) for each in children(sagemaker, name)]
        return [job["BillableTimeInSeconds"] / 3600 * brief["usd_hour"] for job in described]

    tried = bill(trial)
    cost = sum(tried) / len(tried)
    minutes = brief["wait_minutes"] + cost / brief["usd_hour"] * 60
    jobs = math.floor(0.8 * brief["usd"] / cost)
    parallel = math.ceil(jobs * minutes / (0.8 * brief["deadline_minutes"]))
    config = configuration(jobs)
    config["ResourceLimits"] |= {"MaxParallelTrainingJobs": parallel, "MaxRuntimeInSeconds": 60 * brief["deadline_minutes"]}
    name = aws.unique("within")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=config,
        TrainingJobDefinition=definition(aws, train, validation),
        WarmStartConfig={
            "WarmStartType": "IdenticalDataAndAlgorithm",
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": trial}],
        },
    )
    wait_for_tuning(sagemaker, name)
    return {"tuning_job": name, "usd": sum(bill(name))}
