"""The environment variables that point any program with an AWS SDK to the local AWS, and away from every other network address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from course.localaws.core import credentials

REGION = "us-east-1"
PLUGIN_FOLDER = Path(__file__).parent / "plugin"
PLUGINS = "localaws=localaws_endpoint"

_SAGEMAKER_CONFIG = """\
# Read by the SageMaker Python SDK (SAGEMAKER_USER_CONFIG_OVERRIDE): it would report every call to AWS.
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""
_AWS_CONFIG = """\
# Read instead of ~/.aws/config, whose profiles and endpoints belong to real accounts.
[default]
"""


FILES = {"sagemaker-config.yaml": _SAGEMAKER_CONFIG, "aws-config": _AWS_CONFIG}  # `variables` names them


def write_files(state: Path) -> None:
    """Write `FILES` into a state folder."""
    for name, text in FILES.items():
        (state / name).write_text(text)


def variables(
    state: Path, endpoint: str, existing: Mapping[str, str] = os.environ, credential: credentials.Credential | None = None
) -> dict[str, str]:
    """The environment variables for a process that uses the local AWS.

    Parameters
    ----------
    state : Path
        The state folder of a running local AWS.
    endpoint : str
        ``"http://127.0.0.1:PORT"``.
    existing : mapping
        The process's present environment: ``PYTHONPATH`` and ``NO_PROXY`` are extended, not replaced.
    credential : Credential, optional
        By default the learner's.
    """
    credential = credential or credentials.issued(state)
    # A client chooses its proxy by its original address, before the plug-in replaces that.
    no_proxy = _joined("127.0.0.1,localhost,.amazonaws.com", existing.get("no_proxy") or existing.get("NO_PROXY", ""), ",")
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": credential.principal.access_key,
        "AWS_SECRET_ACCESS_KEY": credential.secret,
        "AWS_SESSION_TOKEN": credential.token,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(state / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(state / "aws-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        # One retry: enough for a connection that was closed while idle, without minutes of silence at a permanent error.
        "AWS_MAX_ATTEMPTS": "2",
        "AWS_RETRY_MODE": "standard",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # no name resolves below 127.0.0.1
        "BOTOCORE_EXPERIMENTAL__PLUGINS": PLUGINS,
        "PYTHONPATH": _joined(str(PLUGIN_FOLDER), existing.get("PYTHONPATH", ""), os.pathsep),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,  # it wins when both are set
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(state / "sagemaker-config.yaml"),
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
        # Arrow, with which pyiceberg reads S3, does not know AWS_ENDPOINT_URL. SDK v3 calls the catalog of Feature Store's tables "glue".
        "PYICEBERG_CATALOG__GLUE__S3__ENDPOINT": endpoint,
        "PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT": endpoint,
    }


def _joined(first: str, existing: str, separator: str) -> str:
    """``first`` before the existing parts, without repetitions."""
    rest = [part for part in existing.split(separator) if part and part not in first.split(separator)]
    return separator.join([first, *rest])
