"""State folders of earlier releases: the archived one, and requests in the journal, as moto then got them."""

from __future__ import annotations

import json
import tarfile
import time
from collections.abc import Iterable
from pathlib import Path

from course.localaws.core.credentials import ACCOUNT
from course.localaws.moto.journal import Journal, JournalEntry, new_seed

ARCHIVE = Path(__file__).parents[1] / "server" / "state-2026-11-27.tar.gz"  # see `tests.localaws.server.test_old_state`
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def unpack(folder: Path) -> Path:
    """Unpack the archive into a folder. Returns the state folder, which is beside ``facts.json``."""
    with tarfile.open(ARCHIVE) as tar:
        tar.extractall(folder, filter="data")
    state = folder / "state"
    state.chmod(0o700)
    return state


def request(service: str, target: str, params: dict, region: str = "us-east-1", recording: Iterable[bytes] = ()) -> JournalEntry:
    """A request in the JSON protocol.

    Parameters
    ----------
    target : str
        The header ``X-Amz-Target``.
    recording : iterable of bytes
        What moto read from the local AWS's packages during the request, see `course.localaws.moto.bridge`.
    """
    headers = (("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target), ("host", "localhost"))
    body = json.dumps(params).encode()
    return JournalEntry(time.time(), new_seed(), service, region, ROOT, "", "POST", b"/", b"", headers, body, tuple(recording))


def journal(state: Path, *requests: JournalEntry) -> None:
    """Append requests to the journal of a state folder."""
    there = Journal(state / "journal.db")
    for each in requests:
        there.append(each)
    there.close()
