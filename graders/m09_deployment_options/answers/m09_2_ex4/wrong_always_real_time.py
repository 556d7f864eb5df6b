"""A real-time endpoint can do it all."""

# trips: unseen
# says: what in a case moves your choice


def choose(case):
    return "real time"
