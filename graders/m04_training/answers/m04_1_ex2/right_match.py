def choose_input(channel):
    kind = {"libsvm": "text/libsvm", "csv": "text/csv"}.get(channel["format"])
    kind = kind or {"parquet": "application/x-parquet", "recordio": "application/x-recordio-protobuf"}[channel["format"]]
    match channel:
        case {"reads": "pipe"}:
            mode = "Pipe"
        case {"access": "random"}:
            mode = "File"
        case {"gigabytes": size} if size < 1:
            mode = "File"
        case {"passes": 1}:
            mode = "FastFile"
        case {"gigabytes": size, "disk": disk} if size > disk:
            mode = "FastFile"
        case _:
            mode = "File"
    return {"content_type": kind, "mode": mode}
