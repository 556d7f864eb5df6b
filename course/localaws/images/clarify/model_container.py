"""The model's container beside an explainer, on the same instance of an endpoint: the explainer asks it by HTTP.

Who sends a request to the explainer says in a header where the container is. An answer of the explainer that is the container's own
error has a header, too. Neither header exists on AWS, which does not document this connection.
"""

from __future__ import annotations

import contextlib
import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse

MODEL_URL = "X-Local-Aws-Model-Url"
MODEL_FAILED = "X-Local-Aws-Model-Failed"
TIMEOUT_SECONDS = 60.0  # "must respond to requests within 60 seconds" (InvokeEndpoint in the API reference)
NO_ANSWER = b"The model's container did not answer the explainer."
PASSED_ON = "x-amzn-sagemaker-"
NOT_PASSED_ON = "x-amzn-sagemaker-enable-explanations"


class ModelFailed(Exception):
    """The container answered with an error, or not at all.

    Attributes
    ----------
    response : InferenceResponse
        Its answer, for the caller of the endpoint.
    """

    def __init__(self, status: int, body: bytes, content_type: str) -> None:
        super().__init__(body.decode(errors="replace"))
        self.response = InferenceResponse(body, content_type, status, ((MODEL_FAILED, "true"),))


@dataclass(frozen=True)
class Prediction:
    """An answer of the container. ``headers`` are those for the caller of the endpoint."""

    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ModelContainer:
    """Asks the container in the name of one request to the endpoint, until the time of that request is over."""

    url: str
    headers: dict[str, str]
    limit: float = field(default_factory=lambda: time.monotonic() + TIMEOUT_SECONDS)

    @classmethod
    def of(cls, request: InferenceRequest) -> ModelContainer:
        """The container that a request names. It gets the request's own content types and SageMaker's headers."""
        names = ("content-type", "accept", "user-agent")
        kept = {
            name: value
            for name, value in request.headers.items()
            if name in names or (name.startswith(PASSED_ON) and name != NOT_PASSED_ON)
        }
        return cls(request.headers[MODEL_URL.lower()], kept)

    def predict(self, body: bytes) -> Prediction:
        """The predictions for a request. Raises `ModelFailed`."""
        address = urlsplit(self.url)
        left = max(self.limit - time.monotonic(), 0.001)  # otherwise a request whose caller is gone would hold up the others
        try:
            with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=left)) as connection:
                connection.request("POST", address.path, body, self.headers)
                answer = connection.getresponse()
                content, kind = answer.read(), answer.headers.get("content-type", "")
        except (OSError, http.client.HTTPException):
            raise ModelFailed(500, NO_ANSWER, "text/plain") from None
        if not 200 <= answer.status < 300:
            raise ModelFailed(answer.status, content, kind)
        kept = tuple((name, value) for name, value in answer.headers.items() if name.lower().startswith(PASSED_ON))
        return Prediction(content, kind, kept)
