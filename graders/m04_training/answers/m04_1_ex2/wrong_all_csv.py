"""Everything is CSV in the end."""

# trips: unseen
# says: content type: it follows from one field


def choose_input(channel):
    streamed = channel["gigabytes"] >= 1 and (channel["passes"] == 1 or channel["gigabytes"] > channel["disk"])
    mode = "FastFile" if streamed and channel["access"] == "sequential" else "File"
    return {"mode": "Pipe" if channel["reads"] == "pipe" else mode, "content_type": "text/csv"}
