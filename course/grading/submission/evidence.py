"""The recorded evidence of a score: everything that a submission handed over and did, so that it can be judged again without a run."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from course.grading import values
from course.grading.errors import AnswerError
from course.grading.exercise.answer import fresh_token

EVENT = "before-send"  # of botocore, which adds service and operation: before-send.s3.GetObject
OURS = "course-evidence"
LONGEST_WHAT = 300  # characters


class NotRecorded(Exception):
    """A check makes a call or request that was not made when the submission ran; the message says which."""


@dataclass
class Evidence:
    """The evidence of one exercise.

    Attributes
    ----------
    offer : dict
        ``values``, ``problem`` and ``unanswered`` of the kernel's offer (`course.grading.submission.protocol`).
    calls : list of dict
        ``name`` and ``arguments`` of each call of a learner's function, in order, and its result: ``value``, ``problem``,
        ``unanswered``, ``output``, ``timed_out`` (not in older recordings).
    aws : list of dict
        Each request to the submission's AWS, by `fingerprint`, with its ``operation``, the beginning of its text (``what``) for people to
        read, and the response: ``status``, ``headers``, ``body`` (base64).
    tokens : list of str
        The tokens that `Answer.token` returned, in order.
    """

    offer: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    aws: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    fresh: Callable[[], str] = field(default=fresh_token, repr=False)

    def token(self) -> str:
        """A new token, from ``fresh``, which is recorded."""
        self.tokens.append(self.fresh())
        return self.tokens[-1]

    def as_json(self) -> dict[str, Any]:
        tree, blobs = values.encode([self.offer, self.calls], depth=values.RECORD_DEPTH)
        return {"asked": tree, "blobs": [base64.b64encode(blob).decode() for blob in blobs], "aws": self.aws, "tokens": self.tokens}

    @classmethod
    def of_json(cls, document: dict[str, Any]) -> Evidence:
        blobs = [base64.b64decode(blob) for blob in document["blobs"]]
        offer, calls = values.decode(document["asked"], blobs, values.RECORD_DEPTH)
        return cls(offer, calls, document["aws"], document.get("tokens", []))


def pack(evidence: Evidence) -> bytes:
    """The evidence of one exercise as compressed JSON."""
    return _compressed(json.dumps(evidence.as_json()))


def write(packed: Mapping[str, bytes], path: Path) -> None:
    """Write the evidence of a notebook, packed by exercise, atomically: one JSON object in several compressed members (RFC 1952)."""
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        for number, (name, each) in enumerate(packed.items()):
            file.write(_compressed(f"{', ' if number else '{'}{json.dumps(name)}: "))
            file.write(each)
        file.write(_compressed("}" if packed else "{}"))
    beside.replace(path)


def _compressed(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=3, mtime=0)


def read(path: Path) -> dict[str, Evidence]:
    """The evidence of a notebook, by exercise. Raises OSError or ValueError when it cannot be read."""
    return {name: Evidence.of_json(each) for name, each in json.loads(gzip.decompress(path.read_bytes())).items()}


def failure(call: dict[str, Any]) -> AnswerError:
    """The error of a recorded call that failed."""
    flags = {"unanswered": call["unanswered"], "timed_out": call.get("timed_out", False)}
    return AnswerError(call["problem"], output=call["output"], **flags)


class RecordedCalls:
    """Replays the learner's functions: a call with the same arguments gets the recorded results, in order."""

    def __init__(self, evidence: Evidence) -> None:
        self._left = [(_shown(each["name"], each["arguments"]), each) for each in evidence.calls]

    def call(self, name: str, arguments: tuple, seconds: float) -> tuple[Any, str]:
        """Like `course.grading.submission.server.RemoteFunctions.call`. Raises `NotRecorded` for a call that was not made."""
        wanted = _shown(name, list(arguments))
        for number, (asked, each) in enumerate(self._left):
            if asked == wanted:
                del self._left[number]
                if each["problem"] or each["unanswered"]:
                    raise failure(each)
                return each["value"], each["output"]
        raise NotRecorded(f"`{name}` was not called with these arguments when the submission ran")


def tokens_of(evidence: Evidence) -> Callable[[], str]:
    """Replays the recorded tokens, in order. Raises `NotRecorded` when none is left."""
    left = iter(evidence.tokens)

    def token() -> str:
        for each in left:
            return each
        raise NotRecorded("the check needs a random name that was not drawn when the submission ran")

    return token


def _shown(name: str, arguments: list) -> str:
    tree, blobs = values.encode(values.decode(*values.encode(arguments, depth=values.MESSAGE_DEPTH)), depth=values.MESSAGE_DEPTH)
    return json.dumps([name, tree, [hashlib.sha256(blob).hexdigest() for blob in blobs]], sort_keys=True)


# The submission's AWS. A boto3 client sends nothing if a handler of its event "before-send" returns a response.


def recording(client: Callable[[str], Any], log: Callable[[], list[dict[str, Any]]]) -> Callable[[str], Any]:
    """Wraps a maker of clients, so that their requests and responses are added to ``log()``."""

    def make(service: str) -> Any:
        made = client(service)
        made.meta.events.register(EVENT, lambda request, event_name, **_: _send(request, event_name, log()), unique_id="course-evidence")
        return made

    return make


def replaying(evidence: Evidence) -> Callable[[str], Any]:
    """A maker of clients that answer from the recording; any other request raises `NotRecorded`."""
    import boto3

    left: dict[str, list[dict[str, Any]]] = {}
    for each in evidence.aws:
        left.setdefault(each["request"], []).append(each)

    def answer(request: Any, event_name: str, **_: Any) -> Any:
        recorded = left.get(fingerprint(request))
        if not recorded:
            raise NotRecorded(f"AWS was not asked this ({event_name.partition('.')[2]}) when the submission ran")
        return _response(request, recorded.pop(0) if len(recorded) > 1 else recorded[0])

    def make(service: str) -> Any:
        session = boto3.Session("none", "none", region_name="us-east-1")
        made = session.client(service, endpoint_url="http://127.0.0.1:9")
        made.meta.events.register(EVENT, answer)
        return made

    return make


def fingerprint(request: Any) -> str:
    """A hash of a prepared request that ignores its signature and its host."""
    target = request.headers.get("X-Amz-Target", b"")
    path = request.url.partition("://")[2].partition("/")[2]
    body = request.body if isinstance(request.body, (bytes, str)) else b""
    parts = [
        request.method,
        path,
        target.decode() if isinstance(target, bytes) else target,
        body.decode("latin-1") if isinstance(body, bytes) else body,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@functools.cache
def _connections() -> Any:
    """The HTTP session. Its connections stay open between requests; several threads may use it."""
    from botocore.httpsession import URLLib3Session

    return URLLib3Session(proxies={})


def _send(request: Any, event_name: str, log: list[dict[str, Any]]) -> Any:
    answered = _connections().send(request)
    recorded = {
        "request": fingerprint(request),
        "operation": event_name.partition(".")[2],
        "what": _what(request),
        "status": answered.status_code,
        "headers": dict(answered.headers.items()),
        "body": base64.b64encode(answered.content).decode(),
    }
    log.append(recorded)
    return _response(request, recorded)


def _what(request: Any) -> str:
    """The beginning of a request's path and body, as text."""
    path = request.url.partition("://")[2].partition("/")[2]
    body = request.body if isinstance(request.body, (bytes, str)) else b""
    return f"/{path} {body.decode(errors='replace') if isinstance(body, bytes) else body}".strip("/ ")[:LONGEST_WHAT]


def _response(request: Any, recorded: dict[str, Any]) -> Any:
    from botocore.awsrequest import AWSResponse

    return AWSResponse(request.url, recorded["status"], recorded["headers"], _Raw(base64.b64decode(recorded["body"])))


class _Raw(BytesIO):
    """A response body with the methods that botocore calls."""

    def stream(self, size: int = 1 << 16, **_: Any) -> Any:
        while piece := self.read(size):
            yield piece
