"""Reads botocore's data files: the models of services, the regions, and the like.

Each boto3 session and moto would read a copy of their own, and keep it. A server that has answered for all services would have three
copies of EC2's model alone. botocore reads into an ``OrderedDict``, from times when a ``dict`` had no order; it takes a third more memory.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import botocore.session
from botocore.loaders import JSONFileLoader, Loader, create_loader


class PlainFiles(JSONFileLoader):
    """Reads a file into plain dictionaries."""

    def load_file(self, file_path: str) -> Any:
        """The content of the file with this path without ``.json`` or ``.json.gz``; ``None`` if there is no such file."""
        for suffix, read in ((".json", open), (".json.gz", gzip.open)):
            try:
                with read(file_path + suffix, "rb") as file:
                    return json.loads(file.read())
            except FileNotFoundError:
                continue
        return None


LOADER = Loader(file_loader=PlainFiles())


def share() -> None:
    """Lets all boto3 sessions that this process makes from now on use `LOADER`, unless they name a folder of their own."""
    botocore.session.create_loader = lambda folders=None: create_loader(folders) if folders else LOADER
