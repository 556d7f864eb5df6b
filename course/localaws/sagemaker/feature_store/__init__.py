"""SageMaker Feature Store.

`groups` has the operations on feature groups, `records` those on records (the service ``sagemaker-featurestore-runtime``). A record that
was acknowledged is in one SQLite file (`store`): its online version, and a row that waits for the offline store. `offline` writes the
waiting rows as Parquet files to S3, and `catalog` makes their table in Glue.
"""
