"""The best rate is one number; the range lies close around it."""

# trips: practice
# says: hardly any training of the table has such a rate


def rate_range(batch_size, epochs):
    steps = epochs * 10_000 / (batch_size[0] * batch_size[1]) ** 0.5
    return [0.19 / steps, 0.21 / steps]
