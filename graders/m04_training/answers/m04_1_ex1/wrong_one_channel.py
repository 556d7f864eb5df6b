"""The model needs data to train on; validation comes later."""

# trips: channels
# says: two names that XGBoost looks for


def training_request(name, train, validation, rounds):
    return base_request(name, [channel("train", train)], {"num_round": str(rounds)})
