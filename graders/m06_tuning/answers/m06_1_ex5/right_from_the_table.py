from functools import cache


@cache
def good_rate(steps_log):
    """The middle of the rates that did best with about so many steps, from all batch sizes and epochs of the table."""
    found = []
    for epochs in range(1, 11):
        rows = networks(aws.data("network_trials"), epochs)
        rows = rows[(np.log2(rows.steps) - steps_log).abs() < 1]
        found.append(rows.nlargest(max(3, len(rows) // 6), "auc").learning_rate)
    return float(np.exp(np.log(pd.concat(found)).median()))


def rate_range(batch_size, epochs):
    steps = np.log2(epochs * 10_000 / np.sqrt(batch_size[0] * batch_size[1]))
    near = [good_rate(round(float(steps) + shift, 1)) for shift in (-1, 0, 1)]
    middle = float(np.exp(np.mean(np.log(near))))
    return [max(1e-5, middle / 3), min(1.0, middle * 3)]
