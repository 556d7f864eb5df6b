"""The default metric will do."""

# trips: request
# says: expected the metric that the exercise asks for


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "eval_metric": "logloss"})
