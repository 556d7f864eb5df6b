"""The mode is the answer."""

# trips: practice
# says: expected the keys 'mode' and 'content_type'


def choose_input(channel):
    return {"mode": "File"}
