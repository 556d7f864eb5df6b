"""Runs the notebook of a notebook job with papermill, in a process of its own: the variables say which, and where the result goes.

Source: `sagemaker_headless_execution_driver.notebookrunner` 0.0.13 of PyPI, read 2026-11-28.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import papermill
from jupyter_client.kernelspec import KernelSpecManager


def main() -> int:
    """Run the notebook and return the exit code."""
    result = Path(os.environ["SM_PAPERMILL_OUTPUT"])
    try:
        _run(Path(os.environ["SM_PAPERMILL_INPUT"]), result)
    except Exception as error:
        print(f"Exception during processing notebook: {error}\n{traceback.format_exc()}", file=sys.stderr)
        return 1
    finally:
        print("Output notebook was generated" if result.exists() else "No output notebook was generated")
    return 0


def _run(notebook: Path, result: Path) -> None:
    kernel = os.environ["SM_KERNEL_NAME"]
    parameters = json.loads(Path(os.environ["SM_PAPERMILL_PARAMS_PATH"]).read_text())
    print(f"Use Kernel {kernel} to execute {notebook.name} with output to {result}. Params: {parameters}")
    names_language = json.loads(notebook.read_text())["metadata"].get("language_info", {}).get("name")
    language = None if names_language else KernelSpecManager().get_kernel_spec(kernel).language
    options = {"kernel_name": kernel, "language": language, "start_timeout": 60}
    papermill.execute_notebook(notebook.name, str(result), parameters=parameters, **options)
    print("Execution complete")


def _interrupted(*_: object) -> NoReturn:
    print("[exit_handler] Got signal to interrupt the papermill execution. Exit the papermill process.")
    raise KeyboardInterrupt  # papermill ends the kernel


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(main())
