"""The mode is the answer."""

# trips: shape
# says: expected 'mode' and 'content_type'


def choose_input(channel):
    return {"mode": "File"}
