"""Iceberg tables in S3 with their catalog in Glue, by pyiceberg.

pyiceberg needs memory, and seconds to import. So only helper processes import it (`course.localaws.core.helper_process`). They ask their
parent for the files of S3 objects and for Glue's operations: the gateway's process has both, and checks what the caller may read. `files`
and `catalog` are the helper's side, `answers` is the parent's.
"""
