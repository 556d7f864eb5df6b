"""The case suits it already."""

# trips: flipped
# says: as it was


def make_right_for(option, case):
    return dict(case)
