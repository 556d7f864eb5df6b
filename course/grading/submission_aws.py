"""A fresh local AWS for one submission, ended and wiped with it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nbformat.notebooknode import NotebookNode

from course.grading.server import no_aws


@dataclass(frozen=True)
class SubmissionAws:
    """What the kernel needs to find it, and the grader's own clients of it."""

    environment: dict[str, str]
    client: Callable[[str], Any]


NONE = SubmissionAws({}, no_aws)


def needed(notebook: NotebookNode) -> bool:
    """Whether any code cell mentions ``connect``; a notebook that does not is graded a second sooner."""
    return any(cell.cell_type == "code" and "connect" in cell.source for cell in notebook.cells)


@contextlib.contextmanager
def submission_aws() -> Iterator[SubmissionAws]:
    """Start a local AWS on a scratch state folder; both are gone afterwards."""
    from course.localaws import server

    with server.temporary() as handle:
        yield SubmissionAws({"COURSE_LOCALAWS_STATE": str(handle.state)}, clients(handle.environment()))


def clients(environment: dict[str, str]) -> Callable[[str], Any]:
    """A maker of boto3 clients for the AWS of that environment, whatever this process's own environment and profiles say."""
    import boto3
    import botocore.session
    from botocore.config import Config

    own = botocore.session.Session()
    for name, value in {"profile": "default", "config_file": "AWS_CONFIG_FILE", "credentials_file": "AWS_CONFIG_FILE"}.items():
        own.set_config_variable(name, environment.get(value, value))
    session = boto3.Session(
        botocore_session=own,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 2})
    return functools.cache(lambda service: session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=config))
