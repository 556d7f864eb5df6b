"""Up to one gigabyte is small."""

# trips: unseen
# says: is one gigabyte less than one gigabyte?

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    streamed = channel["gigabytes"] > 1 and (channel["passes"] == 1 or channel["gigabytes"] > channel["disk"])
    mode = "FastFile" if streamed and channel["access"] == "sequential" else "File"
    return {"mode": "Pipe" if channel["reads"] == "pipe" else mode, "content_type": TYPES[channel["format"]]}
