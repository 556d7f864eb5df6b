"""The larger the steps, the fewer rounds it takes."""

# trips: job
# says: A job from your request ended Failed


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(name, channels, {"num_round": str(rounds), "eta": "2"})
