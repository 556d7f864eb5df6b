"""Python imports this at its start when this folder is on PYTHONPATH: the harness that lessons in AWS mode run in.

It does from outside what a lesson must not rely on: no part of the local AWS can be imported, and the SDK's waits, which are
right against AWS, are short against the local AWS that answers in its place.
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
