"""A local AWS with secrets around it, for the probes, and what a caller of any rights gets back from it."""

from __future__ import annotations

import http.client
import io
import json
import secrets
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from course.localaws.core import credentials
from course.localaws.core.credentials import Credential
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory, session_with_keys
from tests.localaws.sagemaker.job_fixtures import JobFixtures

ACCOUNT = "123456789012"
BUCKET = "course-data"  # of `JobFixtures`
UP = "../" * 12
CALLERS = {"root": f"arn:aws:iam::{ACCOUNT}:root", "administrator": f"arn:aws:sts::{ACCOUNT}:assumed-role/Administrator/learner"}


@dataclass(frozen=True)
class Reply:
    status: int
    text: str


class World:
    """One local AWS, another one beside it, the keys of a grader, and a file of this machine, each with a secret.

    Attributes
    ----------
    places : dict
        Name -> a path of this machine that nobody in the local AWS may read.
    """

    def __init__(self, handle: launch.Handle, other: launch.Handle, folder: Path) -> None:
        self.handle, self.folder = handle, folder
        self.jobs = JobFixtures(handle, "namespace")
        self.file = folder / "host-file.txt"
        self.file.write_text(word := secrets.token_hex(16))
        self._grader = handle.issue(CALLERS["root"], unlimited=True)
        hidden = secrets.token_hex(16)
        theirs = client_factory(other)("s3")
        theirs.create_bucket(Bucket="theirs")
        theirs.put_object(Bucket="theirs", Key="secret", Body=hidden.encode())
        [body] = [path for path in (other.state / "objects").rglob("*") if path.is_file() and hidden in path.read_text()]
        tokens = [json.loads((each.state / "instance.json").read_text())["token"] for each in (handle, other)]
        keys = [credentials.issued(each.state).secret for each in (handle, other)]
        self.secrets = [word, hidden, self._grader.secret, self._grader.token, *tokens, *keys]
        self.places = {
            "a file of this machine": self.file,
            "the object of another state folder": body,
            "the keys of another state folder": other.state / "keys.json",
            "the own keys.json": handle.state / "keys.json",
            "the own instance.json": handle.state / "instance.json",
            "the database of sessions": handle.state / "identity.db",
        }

    def seen(self, text: object) -> list[str]:
        """Which secrets are in what somebody got."""
        text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        return [secret for secret in self.secrets if secret in text]

    def keys(self, caller: str) -> Credential:
        return self.handle.issue(CALLERS[caller])

    def client(self, caller: str, service: str) -> Any:
        issued = self.keys(caller)
        session = session_with_keys(issued.principal.access_key, issued.secret, issued.token)
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"})
        return session.client(service, endpoint_url=self.handle.endpoint, config=config)

    def signed(self, caller: str, method: str, path: str) -> Reply:
        """Sends a signed request for S3 with exactly this path, which no SDK would send. The signature is of the decoded path, as in S3."""
        issued = self.keys(caller)
        request = AWSRequest(method=method, url=self.handle.endpoint + unquote(path))
        keys = Credentials(issued.principal.access_key, issued.secret, issued.token)
        S3SigV4Auth(keys, "s3", REGION).add_auth(request)
        return self.send(method, path, dict(request.headers))

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Reply:
        """Sends a request as it is. ``path`` may be a whole URL."""
        parts = urlsplit(path)
        path = path.removeprefix(f"{parts.scheme}://{parts.netloc}") if parts.scheme else path
        connection = http.client.HTTPConnection(urlsplit(self.handle.endpoint).netloc, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.read().decode(errors="replace"))
        finally:
            connection.close()


def answer(call: Callable[..., object], **parameters: object) -> str:
    """All that a call gives: its result with what streams, or its error after ``refused``."""
    try:
        result = call(**parameters)
    except (ClientError, BotoCoreError) as error:
        return f"refused: {error} {getattr(error, 'response', '')}"
    if isinstance(result, dict) and "Body" in result:
        result |= {"Body": result["Body"].read()}
    return str(result)


def links(members: Iterable[tuple[str, str | bytes]]) -> bytes:
    """A tar.gz: each member is a file with these bytes, or a symbolic link to this path, or a hard link to a path after ``=``."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
                continue
            member.type = tarfile.LNKTYPE if content.startswith("=") else tarfile.SYMTYPE
            member.linkname = content.removeprefix("=")
            tar.addfile(member)
    return stream.getvalue()
