"""S3: objects as plain files, an index in SQLite, and the REST interface."""
