"""A fresh local AWS for one submission, out of its reach but for the door: it ends and is wiped with the run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grading.sandbox.limits import box
from course.grading.submission.server import no_aws
from course.sandbox.box import best_mode
from course.sandbox.network import Network

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from course.localaws.server.launch import Handle

ROOT = "arn:aws:iam::123456789012:root"  # whatever a learner does to policies and roles, the grader can look


@dataclass(frozen=True)
class SubmissionAws:
    """How the kernel's box reaches it, and the grader's own clients of it."""

    network: Network
    client: Callable[[str], Any]


def uses_aws(cells: Iterable[NotebookNode]) -> bool:
    """Whether any code cell mentions ``connect``; a notebook that does not is graded a second sooner."""
    return any(cell.cell_type == "code" and "connect" in cell.source for cell in cells)


def none() -> SubmissionAws:
    """For a notebook without AWS: the box reaches nothing."""
    return SubmissionAws(Network(shared=best_mode() != "namespace"), no_aws)


@contextlib.contextmanager
def submission_aws(guest: Path | None = None) -> Iterator[SubmissionAws]:
    """Start a local AWS on a scratch state folder; both are gone afterwards.

    Parameters
    ----------
    guest : Path, optional
        Where the submission will look for it (``COURSE_LOCALAWS_STATE``).
    """
    from course.localaws.server import launch

    sealed = best_mode() == "namespace"
    with launch.temporary(sealed=sealed, limits=box("jobs")) as handle:
        if guest:
            handle.invite(guest)
        port = int(handle.endpoint.rpartition(":")[2])
        network = Network(False, (port, handle.state / launch.SOCKET)) if sealed else Network()
        yield SubmissionAws(network, clients(handle))


def clients(handle: Handle) -> Callable[[str], Any]:
    """A maker of the grader's boto3 clients, whatever this process's own environment and profiles say."""
    import boto3
    import botocore.session
    from botocore.config import Config

    environment = handle.environment(handle.issue(ROOT))
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
