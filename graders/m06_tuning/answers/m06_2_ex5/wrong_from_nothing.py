"""The trial was only for the bill."""

# trips: start
# says: knows nothing of the trial


def search_within(train, validation, trial, brief):
    def billed(name):
        names = [child["TrainingJobName"] for child in children(sagemaker, name)]
        return [sagemaker.describe_training_job(TrainingJobName=each)["BillableTimeInSeconds"] for each in names]

    mean, rate = fmean(billed(trial)), brief["usd_hour"] / 3600
    jobs = int(0.8 * brief["usd"] / (mean * rate))
    turns = int(0.8 * brief["deadline_minutes"] / (brief["wait_minutes"] + mean / 60))
    tuner = HyperparameterTuner(
        trainer,
        "validation:auc",
        ranges,
        max_jobs=jobs,
        max_parallel_jobs=math.ceil(jobs / turns),
        max_runtime_in_seconds=60 * brief["deadline_minutes"],
    )
    channels = (("train", train), ("validation", validation))
    data = [sdk_channel(key, uri) for key, uri in channels]
    name = aws.unique("within")
    tuner.tune(data, job_name=name)
    return {"tuning_job": name, "usd": sum(billed(name)) * rate}
