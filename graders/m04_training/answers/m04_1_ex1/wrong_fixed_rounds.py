"""Twenty rounds worked before."""

# trips: request
# says: expected the number of rounds asked for


def training_request(name, train, validation, rounds):
    return base_request(name, [channel("train", train), channel("validation", validation)], {"num_round": "20"})
