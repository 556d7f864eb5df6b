"""Athena: SQL over the tables of the Glue catalog whose data lie in S3. DuckDB runs it, in a process of its own for each query."""
