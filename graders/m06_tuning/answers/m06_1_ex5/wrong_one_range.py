"""A good learning rate is a good learning rate."""

# trips: regret
# says: They are the same for all cases


def rate_range(batch_size, epochs):
    return [0.001, 0.02]
