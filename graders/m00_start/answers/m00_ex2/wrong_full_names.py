"""The services' full names are clearer."""

# trips: practice
# says: one of the ten names


def choose_service(need):
    return "Amazon Athena" if need["wants"] == "answers" else "AWS Lambda"
