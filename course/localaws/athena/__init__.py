"""Athena: SQL over the tables of the Glue catalog whose data lie in S3. DuckDB runs it, in a process of its own for each query."""

from course.localaws.athena.athena import Athena
from course.localaws.athena.service import athena_service

__all__ = ["Athena", "athena_service"]
