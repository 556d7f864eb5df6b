"""Large data is streamed, however it is read."""

# trips: unseen
# says: where does your rule use `access`

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    streamed = channel["gigabytes"] >= 1 and (channel["passes"] == 1 or channel["gigabytes"] > channel["disk"])
    mode = "FastFile" if streamed else "File"
    return {"mode": "Pipe" if channel["reads"] == "pipe" else mode, "content_type": TYPES[channel["format"]]}
