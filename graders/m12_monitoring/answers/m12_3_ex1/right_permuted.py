def share(rows: pd.DataFrame) -> float:
    return float((rows.predicted == 0).mean())


def figures(month: pd.DataFrame) -> dict:
    black, others = month[month.black == 1], month[month.black == 0]
    recall = share(others[others.denied == 0]) - share(black[black.denied == 0])
    return {
        "DPPL": share(others) - share(black),
        "DI": share(black) / share(others),
        "RD": recall,
    }


def pages(baseline: pd.DataFrame, month: pd.DataFrame) -> bool:
    """How often would a month be as bad whose groups have the shares of the baseline?"""
    shares = (baseline.predicted == 0).groupby(baseline.black).mean()
    sizes = month.black.value_counts()
    rng = np.random.default_rng(0)
    drawn = [rng.binomial(sizes[group], shares[group], 4_000) / sizes[group] for group in (0, 1)]
    return bool((drawn[0] - drawn[1] >= figures(month)["DPPL"]).mean() < 0.002)
