"""This is a SageMaker course."""

# trips: unseen
# says: no one service does everything


def choose_service(need):
    return "SageMaker"
