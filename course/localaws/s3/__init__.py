"""S3: objects as plain files, an index in SQLite, and the REST interface.

`store.ObjectStore` is the way in for other services: ``head``, ``list``, ``put_file``, ``put_bytes``. An `objects.StoredObject` names one
plain file that never changes. `service` serves requests; `operations.yaml` says which operations are supported and what a bucket's
configurations do.
"""
