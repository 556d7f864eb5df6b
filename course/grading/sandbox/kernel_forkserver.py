"""A forkserver for fast kernel starts: forks kernels into an open box, from a process that has already imported the lessons' packages.

    python -m course.grading.sandbox.kernel_forkserver SOCKET

starts that process. Its environment has only paths. It imports no grader, no gradebook and no key, opens nothing and computes nothing,
so that all kernels start in the same state and find no secrets in their memory. It ends when its parent process ends.

A request (`course.sandbox.joining`) has the kernel's ``connection_file``; ``first`` is None for a kernel without a box.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course.sandbox import forkserver, joining
from course.sandbox.box import base_environment

MODULE = "course.grading.sandbox.kernel_forkserver"
BACKEND = "module://matplotlib_inline.backend_inline"
LESSONS_IMPORT = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.display",
    "IPython.extensions.storemagic",
    "boto3.s3.inject",
    "course.grading.check",
    "course.grading.submission.client",
    "course.localaws.server.launch",
    "course.session",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "narwhals._pandas_like.namespace",
    "pandas.io.formats.style",
    "pandas.plotting._matplotlib",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "sagemaker.core.helper.session_helper",
    "sklearn.linear_model",
    "sqlite3",
    "stack_data",
    "tornado.platform.asyncio",
    "xgboost",
    "zstandard",
)


def main() -> None:
    with forkserver.imports():
        for name in LESSONS_IMPORT:
            with contextlib.suppress(ImportError):  # a notebook that needs it will say so
                __import__(name)
    forkserver.run(sys.argv[1], _keep)


def _keep(connection: socket.socket) -> None:
    joining.keep(connection, become_kernel)


def become_kernel(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """Become a kernel as `ipykernel_launcher` starts one."""
    sys.argv = ["ipykernel_launcher", "-f", request["connection_file"]]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=sys.argv[1:])


@contextlib.contextmanager
def start_forkserver() -> Iterator[str]:
    """Start the forkserver; yields the path of its socket, which exists once it is ready. Until then kernels start without it."""
    with forkserver.start(MODULE, _environment) as address:
        yield address


def _environment(folder: Path) -> dict[str, str]:
    for name in ("home", "tmp"):
        Path(folder, name).mkdir()
    # for modules that read a region, a backend and a cache folder on import
    return base_environment(Path(folder, "ml")) | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "MPLBACKEND": BACKEND,
        "MPLCONFIGDIR": str(folder),
    }


if __name__ == "__main__":
    main()
