"""What is wrong with a request stands in the request."""

# trips: guard
# says: What of the list do you not look at


def preflight(request, heads):
    names = {one["ChannelName"] for one in request["InputDataConfig"]}
    return (["channels"] if names - {"train", "validation"} else []) + ([] if "num_round" in request["HyperParameters"] else ["rounds"])
