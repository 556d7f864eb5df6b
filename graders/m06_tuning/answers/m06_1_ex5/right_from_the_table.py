def rate_range(batch_size, epochs):
    rows = networks(aws.data("network_trials"), epochs)
    rows = rows[rows.batch_size.between(*batch_size)]
    ends = np.geomspace(1e-5, 1, 16)
    reached = {}
    for low in ends:
        for high in ends[ends > low]:
            some = rows.auc[rows.learning_rate.between(low, high)]
            if len(some) >= 8:
                reached[float(low), float(high)] = expected_best(some, 3)
    return list(max(reached, key=reached.get))
