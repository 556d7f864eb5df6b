"""Data to judge on is called test data."""

# trips: channels
# says: two names that XGBoost looks for


def training_request(name, train, validation, rounds):
    return base_request(name, [channel("train", train), channel("test", validation)], {"num_round": str(rounds)})
