"""Lets the analyzer read the captured files themselves: it knows their format, but not the names."""

# trips: columns
# says: captured lines have none


def past_baseline(folder: str, target: str) -> None:
    past = DefaultModelMonitor(**settings)
    past.suggest_baseline(folder, DatasetFormat.sagemaker_capture_json(), output_s3_uri=target, wait=True, logs=False)
