"""The file is called .csv, so its type is plain to see."""

# trips: channels
# says: take the file for LIBSVM


def training_request(name, train, validation, rounds):
    channels = [channel("train", train), channel("validation", validation)]
    for one in channels:
        del one["ContentType"]
    return base_request(name, channels, {"num_round": str(rounds)})
