"""The operations on records: the service ``sagemaker-featurestore-runtime``.

`operations` lists them; they are in `reads`, `writes` and `updates`. `record_groups` keeps what they need of each feature group, `values`
checks a record, `versions` and `expiry` decide which version is online, and `metrics` measures the requests.
"""
