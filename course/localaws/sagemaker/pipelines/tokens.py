"""Client request tokens: a request that is sent again with its token gets the answer of the first one, and changes nothing.

Source: `ClientRequestToken` in the API reference, "An idempotent operation completes no more than once"; read 2026-11-28. AWS does not
document what it answers if the token comes with other parameters. Here that is a ConflictException.
"""

from __future__ import annotations

import hashlib
import json

from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.kinds import conflict


def stamp(params: dict) -> dict:
    """What identifies a request: its token, and a digest of its parameters. A document keeps it as internal members."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True, default=repr).encode()).hexdigest()
    return {"_token": params["ClientRequestToken"], "_request": digest}


def is_repeated(document: Document, params: dict) -> bool:
    """Whether a document was made by the same request. Raises AwsError if its token is the same, and another parameter is not."""
    made_by = stamp(params)
    if document.get("_token") != made_by["_token"]:
        return False
    if document["_request"] != made_by["_request"]:
        raise conflict(f"The client request token {made_by['_token']} was already used with other parameters.")
    return True
