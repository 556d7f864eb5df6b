"""A new local AWS for one submission, which reaches it only over the network; it is deleted after the run."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.grading.sandbox.directory import new_folder
from course.grading.sandbox.limits import box, limits
from course.sandbox.box import Network, best_mode

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from course.localaws.server.launch import Handle

CONFIG = str(Path(__file__).with_name("aws_config.ini"))  # a file without settings
ROOT = "arn:aws:iam::123456789012:root"  # the grader keeps access, whatever a learner does to policies and roles


@dataclass(frozen=True)
class SubmissionAws:
    """The network by which the kernel's box reaches the AWS, and the variables of the grader's own clients; none without an AWS."""

    network: Network
    environment: Mapping[str, str] | None = None


def uses_aws(cells: Iterable[NotebookNode]) -> bool:
    """Whether any code cell mentions ``connect``; a notebook without AWS is graded a second sooner."""
    return any(cell.cell_type == "code" and "connect" in cell.source for cell in cells)


def none() -> SubmissionAws:
    """No AWS, for a notebook that does not use it: the box has no network."""
    return SubmissionAws(Network(shared=best_mode() != "namespace"))


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
    from course.localaws.server import boxed

    with contextlib.ExitStack() as stack:
        forks = forks or stack.enter_context(boxed.start_forkserver())
        folder = stack.enter_context(new_folder())
        handle = stack.enter_context(boxed.boxed(folder, forks, box("aws"), box("jobs"), limits()["state"]))
        if guest:
            handle.invite(guest)
        port = int(handle.endpoint.rpartition(":")[2])
        network = Network(False, (port, handle.state / boxed.SOCKET)) if best_mode() == "namespace" else Network()
        yield SubmissionAws(network, graders_environment(handle))


def graders_environment(handle: Handle) -> dict[str, str]:
    """The variables of the grader's clients of a local AWS, with new keys that no policy limits."""
    return handle.environment(handle.issue(ROOT, unlimited=True))


def clients(environment: Mapping[str, str]) -> Callable[[str], Any]:
    """A maker of boto3 clients that use these variables only: not this process's environment, profiles or files.

    It opens no file of the local AWS: that belongs to the submission.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    own = botocore.session.Session()
    for name, value in {"profile": "default", "config_file": CONFIG, "credentials_file": CONFIG}.items():
        own.set_config_variable(name, value)
    session = boto3.Session(
        botocore_session=own,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 2})
    return functools.cache(lambda service: session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=config))
