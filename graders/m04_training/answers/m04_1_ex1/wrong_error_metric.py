"""The default metric will do."""

# trips: job
# says: expected the AUC on the validation channel


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "eval_metric": "logloss"})
