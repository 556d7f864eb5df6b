"""It has run, so its results are there."""

# trips: changed
# says: nothing was repeated


def repeat(name, strategy, seed):
    HyperParameterTuningJob.get(name).wait()
    return {"tuning_job": name, "gain": 0.0}
