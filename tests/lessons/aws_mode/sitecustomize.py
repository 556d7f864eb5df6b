"""The harness for lessons in AWS mode. Python imports it at its start when this folder is on PYTHONPATH.

It makes importing any part of the local AWS fail. It also shortens the SDK's waits, which have the right length for AWS but are too long
for the local AWS that answers in its place.
"""

import importlib.abc
import sys

from course.sdk import shorten_waits

FORBIDDEN = "course.localaws"


class _NoLocalAws(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == FORBIDDEN or name.startswith(f"{FORBIDDEN}."):
            raise ImportError(f"{name} must not be imported with COURSE_BACKEND=aws", name=name)
        return None


sys.meta_path.insert(0, _NoLocalAws())
shorten_waits()
