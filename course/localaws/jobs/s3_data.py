"""Copies a job's data from S3 into its folders and back, with the rights of its role. The request log names the job as the caller."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from course.localaws.cloudtrail import audit
from course.localaws.cloudtrail.user_identity import SERVICE_OF_JOBS
from course.localaws.core.call import Principal
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.quota import QuotaReached
from course.localaws.ec2.reachability import Unreachable
from course.localaws.jobs import manifests
from course.localaws.kms.permissions import via
from course.localaws.s3 import condition_keys
from course.localaws.s3.objects import DEFAULT_CONTENT_TYPE
from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

if TYPE_CHECKING:
    from course.localaws.core.call import NetworkPath, VpcNetwork
    from course.localaws.iam.authorization import ConditionKeys
    from course.localaws.jobs.control import JobControl
    from course.localaws.platform import Platform
    from course.localaws.s3.objects import StoredObject

S3_URI = re.compile(r"s3://(?P<bucket>[^/]+)/?(?P<key>.*)", re.DOTALL)
HTTPS_URIS = (
    re.compile(r"https://s3[.-][^/]*amazonaws\.com(?:\.cn)?/(?P<bucket>[^/]+)/?(?P<key>.*)", re.DOTALL),
    re.compile(r"https://(?P<bucket>[^/]+)\.s3[.-][^/]*amazonaws\.com(?:\.cn)?/?(?P<key>.*)", re.DOTALL),
)
# Recorded at https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/22.
NO_PATH = (
    "Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device, and both the security groups and the "
    "subnet's network ACL allow outbound traffic to S3"
)
# Bytes. A smaller file is always copied: it may be code, whose mode is changed before it runs.
LINKED_SIZE = 1 << 20
COPIED = 1 << 20  # bytes at a time
MANIFEST_LARGEST = 64 << 20  # bytes; a manifest is read as a whole
ML = PurePosixPath("/opt/ml")  # where programs know the root of a job's box
T = TypeVar("T")


class DataError(Exception):
    """Data could not be fetched or stored. The message is what AWS prints after ``Data download failed:`` and the like."""


@dataclass(frozen=True, slots=True)
class InputObject:
    """An object, and the path of its file relative to the folder that it is downloaded to."""

    stored: StoredObject
    path: PurePosixPath


def split(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of an S3 URI, in the ``s3://`` or either ``https://`` form. Raises AwsError ``ValidationException``."""
    for pattern in (S3_URI, *HTTPS_URIS):
        if match := pattern.fullmatch(uri):
            return match["bucket"], match["key"]
    raise invalid(f"The S3 URI {uri!r} is not of the form s3://bucket/key.")


class JobData:
    """S3 with the rights of one job.

    Parameters
    ----------
    platform : Platform
    job : str
        The caller's name in the request log, e.g. ``"training-job/delays-1"``.
    role : str
        The ARN of the job's role.
    network : VpcNetwork, optional
        The VPC from which S3 is read and written. Then each method raises DataError if S3 cannot be reached.
    """

    def __init__(self, platform: Platform, job: str, role: str, network: VpcNetwork | None = None) -> None:
        self._platform, self._job, self._role, self._network = platform, job, role, network

    def find(self, uri: str, data_type: str = "S3Prefix") -> list[InputObject]:
        """The objects that a data source names; ``data_type`` is ``S3Prefix`` or ``ManifestFile``.

        Raises DataError when there are none, or when they cannot be read.
        """
        try:
            bucket, key = split(uri)
            items = self._manifest(bucket, key) if data_type == "ManifestFile" else self.below(uri)
        except AwsError as error:
            raise DataError(f"{error.code} ({error.status}): {error.message}") from error
        if not items:
            raise DataError(f'No S3 objects found under S3 URL "{uri}" given in input data source.')
        return items

    def below(self, uri: str) -> list[InputObject]:
        """The objects below a prefix; there may be none. Raises AwsError ``NoSuchBucket``, ``AccessDenied``."""
        bucket, prefix = split(uri)
        if not self.allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": [prefix]}):
            self._note("ListObjectsV2", bucket, 403, "AccessDenied")
            raise AwsError("AccessDenied", f"Access Denied when the role {self._role} listed s3://{bucket}/{prefix}", 403)
        self._note("ListObjectsV2", bucket)
        return [InputObject(stored, path_below(stored.key, prefix)) for stored in self._platform.objects.list(bucket, prefix)]

    def download(self, items: Iterable[InputObject], folder: Directory, link: bool, job: JobControl | None = None) -> None:
        """Download objects into ``folder``, through no link that is in it. Keys that end with ``/`` become directories.

        Each object is looked up again, as on AWS, where listing and downloading are two requests. If it was overwritten meanwhile, its new
        content is downloaded.

        Parameters
        ----------
        link : bool
            Make hard links instead of copies (FastFile mode), so that no bytes of a large file are moved.
        job : JobControl, optional
            Once it is ending, the rest is skipped.

        Raises
        ------
        DataError
        """
        checked = False
        for item in items:
            if job and job.ending:
                return
            with self._platform.objects.bodies.reading():
                stored = self._head(item.stored.bucket, item.stored.key)
                if not checked:
                    self.require_read(stored.bucket, stored.key)
                elif stored.seal:
                    self._require_key(stored)
                checked = True
                self._fetch(stored, folder, item.path, link and stored.size >= LINKED_SIZE)

    def _fetch(self, stored: StoredObject, folder: Directory, path: PurePosixPath, link: bool) -> None:
        try:
            if stored.key.endswith("/"):
                folder.reach(path.parts, make=True).close()
                return
            with folder.reach(path.parts[:-1], make=True) as place:
                self._fetch_file(stored, place, path.name, link)
        except (FileExistsError, IsADirectoryError, TreeError):
            raise DataError(f"s3://{stored.bucket}/{stored.key} is both a file and a directory in this channel") from None
        except OSError as error:
            raise DataError(_disk(error)) from error
        self._note("GetObject", f"{stored.bucket}/{stored.key}")

    def _fetch_file(self, stored: StoredObject, folder: Directory, name: str, link: bool) -> None:
        """A job gets a decrypted copy of an object under a KMS key, in its own folder, which is removed with the job."""
        if stored.seal:
            try:
                with folder.create(name, mode=0o600) as file:
                    self._platform.objects.decrypt(stored, file)
            except AwsError as error:
                raise DataError(f"{error.code} ({error.status}): {error.message} (s3://{stored.bucket}/{stored.key})") from error
            return
        self.reserve(0 if link else stored.size)
        copy_or_link(stored.path, folder, name, link)

    def reserve(self, size: int) -> None:
        """Count bytes that are about to be written into the job's folder. Raises DataError when the local AWS may keep no more."""
        try:
            self._platform.quota.admit(size)
        except QuotaReached as error:
            raise DataError(f"No space left on device. {error.message}") from error

    def require_read(self, bucket: str, key: str, version: str | None = None) -> None:
        """Check that the role may read an object, or one version of it, and use its KMS key. Raises DataError."""
        if not self.allowed("s3:GetObjectVersion" if version else "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
            self._note("GetObject", f"{bucket}/{key}", 403, "AccessDenied")
            raise DataError(f"AccessDenied (403): Access Denied when the role {self._role} read s3://{bucket}/{key}")
        with contextlib.suppress(AwsError):  # an object that does not exist is missed when it is read
            self._require_key(self._platform.objects.head(bucket, key, version))

    def _require_key(self, stored: StoredObject) -> None:
        """Check that the role may decrypt an object. Raises DataError."""
        reason = self.key_refusal("kms:Decrypt", stored.bucket, stored.seal.key, stored.seal.context) if stored.seal else ""
        if reason:
            self._note("GetObject", f"{stored.bucket}/{stored.key}", 403, "AccessDenied")
            raise DataError(f"AccessDenied (403): {reason} (s3://{stored.bucket}/{stored.key})")

    def key_refusal(self, action: str, bucket: str, arn: str, context: Mapping[str, str]) -> str:
        """Why the role may not use a KMS key through S3, in AWS's words; ``""`` if it may."""
        region = self._platform.objects.buckets.get(bucket).region
        reason = self._platform.identity.refusal(self._role, action, arn, via("s3", region, context))
        return f"{self._role} is not authorized to perform: {action} on resource: {arn} {reason}" if reason else ""

    def open(self, bucket: str, key: str, version: str | None = None) -> BinaryIO:
        """Open an object, or one version of it, to stream it. The caller has checked that the role may read it. Raises DataError."""
        try:
            with self._platform.objects.bodies.reading():
                stream = self._platform.objects.stream(self._head(bucket, key, version))
        except AwsError as error:
            raise DataError(f"{error.code} ({error.status}): {error.message} (s3://{bucket}/{key})") from error
        self._note("GetObject", f"{bucket}/{key}")
        return stream

    def upload(self, path: Path, uri: str, move: bool = True, kms_key: str | None = None) -> None:
        """Store a file; ``move`` removes the file itself, and ``kms_key`` is an ARN. Raises DataError."""
        self._store(uri, kms_key, lambda bucket, key: self._platform.objects.put_file(bucket, key, path, move=move, kms_key=kms_key))

    def put(self, uri: str, data: bytes, kms_key: str | None = None, content_type: str = DEFAULT_CONTENT_TYPE) -> None:
        """Store bytes; ``kms_key`` is an ARN. Raises DataError."""
        self._store(uri, kms_key, lambda bucket, key: self._platform.objects.put_bytes(bucket, key, data, content_type, kms_key=kms_key))

    def _store(self, uri: str, kms_key: str | None, put: Callable[[str, str], object]) -> None:
        bucket, key = split(uri)
        try:
            if not self.allowed("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", condition_keys.of_key(kms_key)):
                raise AwsError("AccessDenied", f"Access Denied when the role {self._role} wrote s3://{bucket}/{key}", status=403)
            found = self._platform.objects.key_of(bucket, key, kms_key)
            if found and (reason := self.key_refusal("kms:GenerateDataKey", bucket, *found)):
                raise AwsError("AccessDenied", reason, status=403)
            put(bucket, key)
        except AwsError as error:
            self._note("PutObject", f"{bucket}/{key}", error.status, error.code)
            raise DataError(f"{error.code} ({error.status}): {error.message}") from error
        except OSError as error:
            raise DataError(_disk(error)) from error
        self._note("PutObject", f"{bucket}/{key}")

    def upload_folder(self, root: Path, parts: Sequence[str], uri: str, kms_key: str | None = None) -> None:
        """Move every file of a folder that a job left to the prefix ``uri``. A link to a file counts as a file.

        Parameters
        ----------
        root : Path
            The root of the job's box. Links are followed inside it only.
        parts : sequence of str
            The folder's path in ``root``.
        uri : str
        kms_key : str, optional
            An ARN.

        Raises
        ------
        DataError
        """
        try:
            with (
                tempfile.TemporaryDirectory(dir=root.parent) as aside,
                Directory.open(root) as top,
                Directory.open(Path(aside)) as place,
                top.reach(trees.find(top, parts, ML)) as folder,
            ):
                prefix = uri.rstrip("/")
                for entry in filter(lambda each: each.is_link, trees.walk(folder)):  # first: afterwards its file has been moved
                    self._upload_linked(top, (*parts, *entry.parts), f"{prefix}/{entry.path}", kms_key)
                for entry in filter(lambda each: each.is_file, trees.walk(folder)):
                    entry.folder.move_to(entry.name, place, "file")  # to where no program has ever been
                    self.upload(Path(aside, "file"), f"{prefix}/{entry.path}", kms_key=kms_key)
        except TreeError as error:
            raise DataError(str(error)) from error
        except OSError as error:
            raise DataError(_disk(error)) from error

    def _upload_linked(self, top: Directory, parts: tuple[str, ...], uri: str, kms_key: str | None) -> None:
        with contextlib.suppress(TreeError, FileNotFoundError), trees.open_file(top, parts, ML) as file:
            self.upload(Path(f"/dev/fd/{file.fileno()}"), uri, move=False, kms_key=kms_key)

    def allowed(self, action: str, resource: str, keys: ConditionKeys | None = None) -> bool:
        """Whether the job's role may do an action, with these condition keys. Waits for IAM, so do not call it in the event loop."""
        return self._platform.identity.allows(self._role, action, resource, keys, self._path())

    def _path(self) -> NetworkPath | None:
        """How S3 is reached from the job's VPC. Raises DataError with AWS's text if it is not."""
        if self._network is None:
            return None
        try:
            return self._platform.networks.path(self._network, "s3")
        except Unreachable as missing:
            raise DataError(f"{NO_PATH} (Here, {missing}.)") from None

    def _manifest(self, bucket: str, key: str) -> list[InputObject]:
        """An item for each name of a manifest, with the name as its path. A name that occurs twice gives one item."""
        prefix, names = self._parsed(bucket, key, manifests.names)
        return [InputObject(self._head(*split(prefix + name)), inside(name)) for name in dict.fromkeys(names)]

    def records(self, uri: str, attributes: list[str]) -> list[tuple[bytes | StoredObject, ...]]:
        """The lines of an augmented manifest: for each attribute the bytes of its value, or the object it refers to. Raises DataError."""
        try:
            lines = self._parsed(*split(uri), lambda text: list(manifests.records(text, attributes)))
            return [tuple(self._part(name, text) for name, text in line) for line in lines]
        except AwsError as error:
            raise DataError(f"{error.code} ({error.status}): {error.message}") from error

    def _part(self, attribute: str, text: str) -> bytes | StoredObject:
        return self._head(*split(text)) if attribute.endswith(manifests.REFERENCE) else text.encode()

    def _parsed(self, bucket: str, key: str, parse: Callable[[bytes], T]) -> T:
        with self._platform.objects.bodies.reading():
            stored = self._head(bucket, key)
            if stored.size > MANIFEST_LARGEST:
                raise DataError(f"The manifest s3://{bucket}/{key} is larger than {MANIFEST_LARGEST} bytes")
            self.require_read(bucket, key)
            text = self._platform.objects.read(stored)
        try:
            return parse(text)
        except ValueError as error:
            raise DataError(f"The manifest s3://{bucket}/{key} could not be parsed: {error}") from error

    def _head(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        try:
            return self._platform.objects.head(bucket, key, version)
        except AwsError as error:
            self._note("GetObject", f"{bucket}/{key}", error.status, error.code)
            raise DataError(f"{error.code} ({error.status}): {error.message} (s3://{bucket}/{key})") from error

    def _note(self, operation: str, resource: str, status: int = 200, error: str = "") -> None:
        platform, principal = self._platform, Principal(self._platform.account, self._platform.identity.session(self._role), "")
        details = None
        if self._role:
            details = partial(audit.service_columns, principal, platform.identity.callers.caller(principal), SERVICE_OF_JOBS)
        bucket = platform.objects.buckets.find(resource.partition("/")[0])
        region = bucket.region if bucket else ""
        platform.requests.record(self._job, "s3", operation, resource, status, error, region, details=details)


def path_below(key: str, prefix: str) -> PurePosixPath:
    """The path of an object of an ``S3Prefix``: relative to the prefix if that is a folder of the key, else to the folder that holds it.

    ``data/train/a.csv`` becomes ``a.csv`` for the prefix ``data/train`` or ``data/train/``, and ``train/a.csv`` for ``data/tr``.
    """
    folder = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
    if not key.startswith(folder):
        folder = prefix[: prefix.rfind("/") + 1]
    return inside(key[len(folder) :])


def inside(name: str) -> PurePosixPath:
    """``name`` as a relative path without ``..``: S3 keys may contain ``..`` and begin with ``/``."""
    return PurePosixPath(*[part for part in name.split("/") if part not in ("", ".", "..")])


def copy_or_link(source: Path, folder: Directory, name: str, link: bool) -> None:
    if link:
        try:
            os.link(source, name, dst_dir_fd=folder.descriptor)
            return
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                raise
    with source.open("rb") as stored, folder.create(name) as file:
        shutil.copyfileobj(stored, file, COPIED)


def _disk(error: OSError) -> str:
    return "No space left on device" if error.errno == errno.ENOSPC else f"{type(error).__name__}: {error.strerror} ({error.filename})"
