import math


def rate_range(batch_size, epochs):
    batches = 10_000 / math.sqrt(math.prod(batch_size))
    exponent = math.log10(0.15) - 0.85 * math.log10(epochs * batches)
    return [10 ** max(-5, exponent - 0.45), 10 ** min(0, exponent + 0.45)]
