"""A builder that is called accurate is accurate."""

# trips: unseen
# says: which columns does your rule read


def verdict(versions, time):
    return "same"
