"""S3: objects as plain files, an index in SQLite, and the HTTP interface that SDKs, the AWS CLI, s3fs and awswrangler use."""

from course.localaws.s3.objects import StoredObject
from course.localaws.s3.service import s3_service
from course.localaws.s3.store import ObjectStore

__all__ = ["ObjectStore", "StoredObject", "s3_service"]
