"""The number of rounds is a number."""

# trips: request
# says: the API takes text alone


def training_request(name, train, validation, rounds):
    return base_request(name, [channel("train", train), channel("validation", validation)], {"num_round": rounds})
