"""The label is a number, so this is a regression."""

# trips: job
# says: A job from your request ended Failed


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "objective": "reg:squarederror"})
