"""The lesson's own data, whatever is asked for."""

# trips: channels
# says: that is not the data given for it


def training_request(name, train, validation, rounds):
    channels = [channel("train", train_uri), channel("validation", validation_uri)]
    return base_request(name, channels, {"num_round": str(rounds)})
