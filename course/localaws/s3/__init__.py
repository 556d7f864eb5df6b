"""S3: objects as files, an index in SQLite, and the REST interface.

Other services use `store.ObjectStore`: ``head``, ``list``, ``open``, ``read``, ``plain_file``, ``put_file``, ``put_bytes``. An
`objects.StoredObject` names one file that never changes; `sealing` encrypts it if the object is under a KMS key. `service` serves requests.
`operations.yaml` lists the supported operations and the effect of a bucket's configurations. `permissions` says what a request needs, with
the bucket's policy (`bucket_policies`), its `condition_keys`, and the KMS key.
"""
