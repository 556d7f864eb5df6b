"""A name of its own, so that no two jobs have the same."""

# trips: request
# says: expected the `name` given


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    return base_request(aws.unique(name), channels, {"num_round": str(rounds)})
