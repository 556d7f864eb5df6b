"""S3: objects as plain files, an index in SQLite, and the REST interface.

Other services use `store.ObjectStore`: ``head``, ``list``, ``put_file``, ``put_bytes``. An `objects.StoredObject` names one
plain file that never changes. `service` serves requests. `operations.yaml` lists the supported operations and the effect of a bucket's
configurations. `permissions` says what a request needs, with the bucket's policy (`bucket_policies`) and its `condition_keys`.
"""
