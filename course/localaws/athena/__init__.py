"""Amazon Athena: SQL on tables of the Glue catalog with data in S3. DuckDB runs each query in its own process.

`athena.Athena` starts, stops and describes queries. A query passes `statements` (what it asks for), `plan` (DuckDB's SQL and the columns
that it reads), `engine` (starts the process) and `worker` (runs in it). It reads and writes S3 with the caller's rights (`access`).
"""
