"""The bill is paid by somebody else."""

# trips: legal
# says: take more than the 449 minutes


def changed(search, strategy):
    def suits(one):
        if one["numeric"] == 0 and one["jobs"] >= one["combinations"]:
            return "Grid"
        if one["reports"] >= 10 and one["minutes"] >= 20:
            return "Hyperband"
        return "Bayesian" if one["jobs"] >= 5 * one["parallel"] else "Random"

    limits = {"numeric": (0, 30), "combinations": (2, 500), "jobs": (2, 750), "parallel": (1, 10), "reports": (1, 500), "minutes": (1, 240)}
    tried = ({**search, name: value} for name, (least, most) in limits.items() for value in range(least, most + 1))
    return next(one for one in tried if one != search and one["parallel"] <= one["jobs"] and suits(one) == strategy)
