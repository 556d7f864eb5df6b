"""Runs a notebook's text source in this process, without Jupyter, in a scratch copy of its folder and with its own local AWS."""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course.grading.capture import captured
from course.grading.errors import DefinitionError
from course.grading.exercise import seeds
from course.grading.sandbox.aws import clients, submission_aws
from course.sandbox.trees import Entry, copy_tree

Namespace = dict[str, Any]
Client = Callable[[str], Any]  # makes a boto3 client of a service


def run(text: str, namespace: Namespace, name: str) -> None:
    """Run a cell that is not part of an exercise; raises DefinitionError if it fails."""
    try:
        execute(text, namespace, name)
    except Exception as error:
        raise DefinitionError(f"{name} raised {type(error).__name__}: {error}") from error


def execute(text: str, namespace: Namespace, name: str) -> None:
    """Run the text of a cell, which may have IPython syntax. Its output is discarded; tracebacks show its lines."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    code = shell.transform_cell(text)
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    with captured():
        exec(compile(code, name, "exec"), namespace)


@contextlib.contextmanager
def scratch_workspace(lesson: Path, graders: Path) -> Iterator[Client]:
    """Work in a scratch copy of the lesson's folder with its own local AWS; yields a maker of clients of a second, empty local AWS."""
    here, environment, paths = Path.cwd(), dict(os.environ), list(sys.path)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-")))
        stack.callback(_restore, here, environment, paths, scratch)
        copy_tree(lesson.resolve(), scratch / lesson.name, selects=_is_source)
        os.chdir(scratch / lesson.name)
        sys.path.insert(0, str(Path.cwd()))  # as in a kernel, so that a lesson can import from its given/
        os.environ |= {"COURSE_BACKEND": "local", "COURSE_GRADERS": str(graders.resolve()), "COURSE_LEARNER": seeds.SELF_STUDY}
        os.environ |= {"COURSE_LOCALAWS_STATE": str(scratch / "aws"), "MPLBACKEND": "agg"}
        stack.callback(_stop_aws, scratch / "aws")
        bare: list[Client] = []

        def bare_client(service: str) -> Any:
            if not bare:  # most exercises use no AWS
                bare.append(clients(stack.enter_context(submission_aws()).environment))
            return bare[0](service)

        yield bare_client


def _is_source(entry: Entry) -> bool:
    return "__pycache__" not in entry.parts and not entry.name.endswith(".ipynb")


def _restore(here: Path, environment: dict[str, str], paths: list[str], scratch: Path) -> None:
    os.chdir(here)
    sys.path[:] = paths
    for entry in [entry for entry in sys.path_importer_cache if not Path(entry).is_absolute()]:
        del sys.path_importer_cache[entry]  # otherwise "given" stays bound to this lesson's folder
    for name, module in list(sys.modules.items()):  # the next lesson has its own `given`
        if any(Path(place).is_relative_to(scratch) for place in _places(module)):
            del sys.modules[name]
    if sdk := sys.modules.get("sagemaker.core.utils.utils"):
        sdk.SageMakerClient.reset()  # the SDK keeps its first client, which knows the address of this lesson's local AWS
    os.environ.clear()
    os.environ.update(environment)


def _places(module: ModuleType) -> list[str]:
    """The files and folders that a module was loaded from. Some objects in `sys.modules` have every attribute, so types are checked."""
    found = [getattr(module, "__file__", None)]
    with contextlib.suppress(TypeError):
        found += getattr(module, "__path__", ())
    return [place for place in found if isinstance(place, str)]


def _stop_aws(state: Path) -> None:
    """Stop the local AWS if the lesson started one."""
    if state.exists():
        from course.localaws.server import launch

        launch.stop(state)
