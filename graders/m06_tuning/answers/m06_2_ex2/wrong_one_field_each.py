"""Each strategy has its field: parallel for Bayesian and Random, numeric for Grid, reports for Hyperband."""

# trips: flips
# says: is it always the same field that does it


def changed(search, strategy):
    field, value = {
        "Bayesian": ("parallel", 1),
        "Random": ("parallel", min(10, search["jobs"])),
        "Grid": ("numeric", 0),
        "Hyperband": ("reports", 50),
    }[strategy]
    return search | {field: value if search[field] != value else value + 1}
