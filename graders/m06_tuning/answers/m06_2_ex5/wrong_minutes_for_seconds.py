"""Money, price and time are numbers."""

# trips: plan
# says: what is an hour, and what a second


def search_within(train, validation, trial, brief):
    def billed(name):
        names = [child["TrainingJobName"] for child in children(sagemaker, name)]
        return [sagemaker.describe_training_job(TrainingJobName=each)["BillableTimeInSeconds"] for each in names]

    mean, rate = fmean(billed(trial)), brief["usd_hour"] / 3600
    jobs = min(9, int(0.8 * brief["usd"] / (mean / 60 * rate)))
    turns = int(0.8 * brief["deadline_minutes"] / (brief["wait_minutes"] + mean / 60))
    parent = Parent(hyper_parameter_tuning_job_name=trial)
    tuner = HyperparameterTuner(
        trainer,
        "validation:auc",
        ranges,
        max_jobs=jobs,
        max_parallel_jobs=min(4, math.ceil(jobs / turns)),
        max_runtime_in_seconds=60 * brief["deadline_minutes"],
        warm_start_config=WarmStartConfig(warm_start_type="IdenticalDataAndAlgorithm", parent_hyper_parameter_tuning_jobs=[parent]),
    )
    channels = (("train", train), ("validation", validation))
    data = [sdk_channel(key, uri) for key, uri in channels]
    name = aws.unique("within")
    tuner.tune(data, job_name=name)
    return {"tuning_job": name, "usd": sum(billed(name)) * rate}
