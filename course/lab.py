"""`course lab`: opens JupyterLab on your own copy of the lessons. A local AWS that it started ends with it."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from course.localaws.server import launch
from course.localaws.server.launch import ServerError
from course.workspace import WorkspaceError, prepare

SETTINGS = Path(__file__).with_name("lab_settings")  # JupyterLab for learners: no panels for instructors
CONFIG_PATH = "JUPYTER_CONFIG_PATH"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course lab", description=__doc__)
    parser.add_argument("options", nargs="*", metavar="-- OPTION", help="options of JupyterLab, for example -- --no-browser --port=8890")
    options = parser.parse_args(arguments).options
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the `finally` below ends JupyterLab too
    try:
        first = prepare(user_kernel=False)
        ours = None if launch.find() else launch.start()
    except (WorkspaceError, ServerError) as error:
        print(f"course lab: {error}", file=sys.stderr)
        return 1
    jupyter = subprocess.Popen(_command(first, options), env=os.environ | {CONFIG_PATH: _config_path()})
    try:
        return _wait(jupyter)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C must not leave the local AWS running
        jupyter.terminate()
        jupyter.wait()
        if ours:
            ours.stop()


def _command(first: Path, options: list[str]) -> list[str]:
    copy = first.parents[1]
    root = ["--allow-root"] if os.geteuid() == 0 else []  # usual in a container
    settings = [
        f"--ServerApp.root_dir={copy}",
        f"--LabApp.default_url=/lab/tree/{first.relative_to(copy)}",
        f"--LabApp.extra_labextensions_path={SETTINGS / 'labextensions'}",
    ]
    return [sys.executable, "-m", "jupyterlab", *settings, *root, *options]


def _config_path() -> str:
    """Jupyter's path of configurations, with the learners' nbgrader first."""
    return os.pathsep.join([str(SETTINGS), *filter(None, [os.environ.get(CONFIG_PATH)])])


def _wait(jupyter: subprocess.Popen) -> int:
    """Wait for JupyterLab and return its exit code; 0 when it ended by Ctrl-C, which it also receives and asks about."""
    interrupted = False
    while True:
        try:
            code = jupyter.wait()
            return 0 if interrupted else code
        except KeyboardInterrupt:
            interrupted = True


if __name__ == "__main__":
    sys.exit(main())
