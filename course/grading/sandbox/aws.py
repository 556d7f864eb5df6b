"""A new local AWS for one submission, which reaches it only over the network; it is deleted after the run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grading.sandbox.directory import new_folder
from course.grading.sandbox.limits import box, limits
from course.grading.submission.server import no_aws
from course.sandbox.box import Network, best_mode

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from course.localaws.server.launch import Handle

ROOT = "arn:aws:iam::123456789012:root"  # the grader keeps access, whatever a learner does to policies and roles


@dataclass(frozen=True)
class SubmissionAws:
    """The network by which the kernel's box reaches the AWS, and the maker of the grader's own clients."""

    network: Network
    client: Callable[[str], Any]


def uses_aws(cells: Iterable[NotebookNode]) -> bool:
    """Whether any code cell mentions ``connect``; a notebook without AWS is graded a second sooner."""
    return any(cell.cell_type == "code" and "connect" in cell.source for cell in cells)


def none() -> SubmissionAws:
    """No AWS, for a notebook that does not use it: the box has no network."""
    return SubmissionAws(Network(shared=best_mode() != "namespace"), no_aws)


@contextlib.contextmanager
def submission_aws(guest: Path | None = None, forks: str = "") -> Iterator[SubmissionAws]:
    """Start a local AWS in a box of its own (`course.localaws.server.boxed`); it and its state are removed afterwards.

    Parameters
    ----------
    guest : Path, optional
        The state folder in which the submission looks for it (``COURSE_LOCALAWS_STATE``).
    forks : str
        The address of the forkserver of local AWSs. Without one, it gets its own.
    """
    from course.localaws.server import boxed, launch

    with contextlib.ExitStack() as stack:
        forks = forks or stack.enter_context(boxed.start_forkserver())
        folder = stack.enter_context(new_folder())
        handle = stack.enter_context(boxed.boxed(folder, forks, box("aws"), box("jobs"), limits()["state"]))
        if guest:
            handle.invite(guest)
        port = int(handle.endpoint.rpartition(":")[2])
        network = Network(False, (port, handle.state / launch.SOCKET)) if best_mode() == "namespace" else Network()
        yield SubmissionAws(network, clients(handle))


def clients(handle: Handle) -> Callable[[str], Any]:
    """A maker of the grader's boto3 clients, which ignore this process's environment and profiles."""
    import boto3
    import botocore.session
    from botocore.config import Config

    environment = handle.environment(handle.issue(ROOT, unlimited=True))
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
