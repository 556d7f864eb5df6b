"""A job that no longer gets better should stop by itself."""

# trips: request
# says: the job may end before `num_round`


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "early_stopping_rounds": "3"})
