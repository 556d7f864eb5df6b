"""Read often means copy once; the disk will be large enough."""

# trips: unseen
# says: do not fit the disk

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    streamed = channel["gigabytes"] >= 1 and channel["passes"] == 1
    mode = "FastFile" if streamed and channel["access"] == "sequential" else "File"
    return {"mode": "Pipe" if channel["reads"] == "pipe" else mode, "content_type": TYPES[channel["format"]]}
