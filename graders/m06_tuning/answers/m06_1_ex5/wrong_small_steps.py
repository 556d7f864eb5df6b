"""Where there are few steps, each should be a careful one."""

# trips: regret
# says: how far must each of few steps go


def rate_range(batch_size, epochs):
    steps = epochs * 10_000 / (batch_size[0] * batch_size[1]) ** 0.5
    return [max(1e-5, steps / 1_000_000), min(1, steps / 20_000)]
