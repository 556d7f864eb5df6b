"""Who asks for everything misses nothing."""

# trips: practice
# says: over all rates


def rate_range(batch_size, epochs):
    return [0.00001, 1]
