"""What fits the disk is copied."""

# trips: unseen
# says: does it pay to copy all of it

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    copied = channel["gigabytes"] < 1 or channel["gigabytes"] <= channel["disk"] or channel["access"] == "random"
    mode = "File" if copied else "FastFile"
    return {"mode": "Pipe" if channel["reads"] == "pipe" else mode, "content_type": TYPES[channel["format"]]}
