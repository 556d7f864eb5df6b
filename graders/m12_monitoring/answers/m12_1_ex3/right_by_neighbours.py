# What differs from the two others is wrong, unless it is one of the settings that may differ.
FREE = ("LocalPath", "S3UploadMode", "InstanceType", "VolumeSizeInGB", "MaxRuntimeInSeconds", "DataAnalysisStartTime")
known = {each: broken_monitors.leaves(setup) for each, setup in setups.items()}
repairs = {}
for each, values in known.items():
    others = [known[other] for other in known if other != each]
    repairs[each] = {
        path: others[0][path]
        for path, value in values.items()
        if not path.endswith(FREE) and value != others[0][path] and others[0][path] == others[1][path]
    }
