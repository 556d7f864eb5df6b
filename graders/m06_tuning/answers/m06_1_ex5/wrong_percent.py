"""A rate is a share, given in percent."""

# trips: practice
# says: expected two numbers from 0.00001 to 1


def rate_range(batch_size, epochs):
    steps = epochs * 10_000 / (batch_size[0] * batch_size[1]) ** 0.5
    return [8 / steps, 50 / steps]
