"""The description of a job that has run says all that a request says."""

# trips: request
# says: expected the `name` given


def training_request(name, train, validation, rounds):
    return first | {
        "HyperParameters": first["HyperParameters"] | {"num_round": str(rounds)},
        "InputDataConfig": [channel("train", train), channel("validation", validation)],
    }
