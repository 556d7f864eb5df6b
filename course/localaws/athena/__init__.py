"""Amazon Athena: SQL on tables of the Glue catalog with data in S3. DuckDB runs each query in its own process."""
