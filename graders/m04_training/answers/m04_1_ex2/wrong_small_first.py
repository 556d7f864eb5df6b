"""Small data is copied, even for a program that reads a pipe."""

# trips: unseen
# says: which question comes before the one about size?

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    streamed = channel["gigabytes"] >= 1 and (channel["passes"] == 1 or channel["gigabytes"] > channel["disk"])
    if channel["gigabytes"] < 1 or channel["access"] == "random":
        mode = "File"
    else:
        mode = "Pipe" if channel["reads"] == "pipe" else "FastFile" if streamed else "File"
    return {"mode": mode, "content_type": TYPES[channel["format"]]}
