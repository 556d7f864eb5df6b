"""The more epochs, the smaller the rate; batches are a matter of memory."""

# trips: regret
# says: where do the good rates lie there


def rate_range(batch_size, epochs):
    return [0.002 / epochs, 0.1 / epochs]
