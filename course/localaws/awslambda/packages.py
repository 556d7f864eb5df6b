"""Deployment packages: the code of functions, unpacked once into a folder named by its hash."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import threading
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.localaws.awslambda.errors import invalid_value, too_large
from course.localaws.awslambda.limits import limit
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.s3.store import ObjectStore
from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError


@dataclass(frozen=True, slots=True)
class Package:
    """One deployment package.

    Attributes
    ----------
    id : str
        Its SHA-256 in hexadecimal digits.
    size : int
        Bytes of the archive.
    """

    id: str
    size: int

    @property
    def sha256(self) -> str:
        """The member ``CodeSha256``."""
        return base64.b64encode(bytes.fromhex(self.id)).decode()


class Packages:
    """The unpacked packages below one folder. Methods may be called from any thread.

    Parameters
    ----------
    folder : Path
    objects : ObjectStore
        S3, from which packages can be read.
    """

    def __init__(self, folder: Path, objects: ObjectStore) -> None:
        self._folder, self._objects = folder, objects
        self._changing = threading.Lock()
        folder.mkdir(mode=0o700, exist_ok=True)

    def receive(self, code: dict, operation: str) -> Package:
        """Take the package that a request gives as ``ZipFile``, or as ``S3Bucket`` and ``S3Key``.

        Parameters
        ----------
        code : dict
            The members of ``Code``.
        operation : str
            The operation's name, for errors.

        Raises
        ------
        AwsError
            The request gives no package, it cannot be read or is not a zip archive, or it is too large.
        """
        archive = self._archive(code, operation)
        package = Package(hashlib.sha256(archive).hexdigest(), len(archive))
        with self._changing:
            if not self.path(package.id).exists():
                self._unpack(archive, package)
        return package

    def path(self, id: str) -> Path:
        """The folder of the unpacked package."""
        return self._folder / id

    def sweep(self, used: Iterable[str]) -> None:
        """Remove all packages except those with the ids ``used``, and what a crash left incomplete."""
        with self._changing:
            kept = set(used)
            for path in self._folder.iterdir():
                if path.name not in kept:
                    # A removal that is cut off must not leave a part of a package under its id: `receive` would keep that.
                    removed = path.rename(self._folder / f"{uuid.uuid4().hex}.old")
                    trees.remove(removed)

    def _archive(self, code: dict, operation: str) -> bytes:
        for option in ("ImageUri", "SourceKMSKeyArn"):
            if code.get(option):
                raise not_supported("lambda", f"{operation} with {option}")
        if code.get("S3ObjectStorageMode", "COPY") != "COPY":
            raise not_supported("lambda", f"{operation} with S3ObjectStorageMode {code['S3ObjectStorageMode']}")
        if code.get("ZipFile"):
            if len(code["ZipFile"]) > limit("zipped"):
                raise too_large(f"Zipped size must be smaller than {limit('zipped')} bytes")
            return code["ZipFile"]
        if not (code.get("S3Bucket") and code.get("S3Key")):
            raise invalid_value("Please provide a source for function code.")
        try:
            return self._objects.read_object(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
        except AwsError as error:
            raise invalid_value(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
            ) from error

    def _unpack(self, archive: bytes, package: Package) -> None:
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as beside:
            unpacked = Path(beside) / "code"
            try:
                with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
                    if sum(member.file_size for member in zipped.infolist()) > limit("unzipped"):
                        raise invalid_value(f"Unzipped size must be smaller than {limit('unzipped')} bytes")
                    if not zipped.infolist():
                        raise invalid_value("Uploaded file must be a non-empty zip")
                unpacked.mkdir()
                with Directory.open(unpacked) as folder:
                    trees.unpack_zip(io.BytesIO(archive), folder)
            except (zipfile.BadZipFile, TreeError, OSError, NotImplementedError, RuntimeError, ValueError) as error:  # e.g. it is encrypted
                raise invalid_value("Could not unzip uploaded file. Please check your file, then try to upload again.") from error
            unpacked.rename(self.path(package.id))
