"""The operations on records: the service ``sagemaker-featurestore-runtime``.

`operations` lists them. `record_groups` keeps what they need of each feature group, `values` checks a record, and each other module has one
operation or one rule.
"""
