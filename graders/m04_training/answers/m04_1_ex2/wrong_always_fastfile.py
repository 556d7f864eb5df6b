"""FastFile starts at once and looks like files: always take it."""

# trips: unseen
# says: unseen channels got an input

TYPES = {"csv": "text/csv", "libsvm": "text/libsvm", "parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}


def choose_input(channel):
    return {"mode": "FastFile", "content_type": TYPES[channel["format"]]}
