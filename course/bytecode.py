"""Compiles the modules that lessons, jobs and the local AWS import, so that a new environment is ready soon.

    python -m course.bytecode

Kernels and jobs run in boxes that may not write bytecode. Without compiled files they would compile pandas each time they import it.
Compiling all packages takes minutes, so this imports what lessons and images import: Python writes the bytecode of each module that
it imports. The other modules are compiled when a process outside a box first imports them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from course import interrupts
from course.grading.sandbox.kernel_forkserver import LESSONS_IMPORT

# Modules by the process that imports them, read from `python -X importtime` of each on 2026-11-28. Groups run in parallel.
GROUPS: tuple[tuple[str, ...], ...] = (
    # Kernels of lessons, and jobs of the xgboost and sklearn images.
    (
        *LESSONS_IMPORT,
        "matplotlib.backends.backend_svg",
        "sklearn.cluster",
        "sklearn.ensemble",
        "sklearn.gaussian_process",
        "sklearn.pipeline",
        "xgboost.tracker",
        "sagemaker.core.resources",
    ),
    # The parts of the SDK that lessons use (`tests/packaging/test_bytecode.py`).
    (
        "sagemaker.core",
        "sagemaker.core.clarify",
        "sagemaker.core.inference_config",
        "sagemaker.core.model_monitor",
        "sagemaker.core.model_monitor.clarify_model_monitoring",
        "sagemaker.core.model_monitor.dataset_format",
        "sagemaker.core.parameter",
        "sagemaker.core.processing",
        "sagemaker.core.shapes",
        "sagemaker.core.training.configs",
        "sagemaker.core.transformer",
        "sagemaker.core.utils.exceptions",
        "sagemaker.core.workflow.conditions",
        "sagemaker.core.workflow.execution_variables",
        "sagemaker.core.workflow.functions",
        "sagemaker.core.workflow.parameters",
        "sagemaker.core.workflow.pipeline_context",
        "sagemaker.core.workflow.properties",
        "sagemaker.mlops.feature_store",
        "sagemaker.mlops.workflow.condition_step",
        "sagemaker.mlops.workflow.fail_step",
        "sagemaker.mlops.workflow.model_step",
        "sagemaker.mlops.workflow.pipeline",
        "sagemaker.mlops.workflow.retry",
        "sagemaker.mlops.workflow.selective_execution_config",
        "sagemaker.mlops.workflow.steps",
        "sagemaker.serve",
        "sagemaker.serve.model_builder",
        "sagemaker.train",
        "sagemaker.train.configs",
        "sagemaker.train.tuner",
    ),
    # Images, and scripts of jobs.
    ("scipy.stats", "sklearn.compose", "sklearn.decomposition", "sklearn.impute", "sklearn.model_selection", "sklearn.neighbors"),
    # The local AWS.
    (
        "course.localaws.server.preload",
        "course.localaws.athena.iceberg_worker",
        "course.localaws.sagemaker.feature_store.iceberg",
        "sqlglot",
    ),
    # JupyterLab.
    ("jupyterlab.labapp", "jupyter_server.serverapp", "notebook_shim", "nbgrader.server_extensions.formgrader"),
    # Grading, and the run of the lessons.
    ("course.grading.batches.preload", "nbgrader.apps", "papermill", "course.regression.run"),
)
IMPORT = """
import sys
for name in sys.argv[1:]:
    try:
        __import__(name)
    except Exception as error:
        print(f"{name} is not compiled: {error}", file=sys.stderr)
"""


def main(groups: Sequence[Sequence[str]] = GROUPS) -> int:
    """Compile groups of modules, as many at a time as there are cores.

    Returns 0 also when a module cannot be imported. That is printed; the module is then compiled each time it is needed.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(_compile, groups))
    return 0


def _compile(modules: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"MPLBACKEND": "agg", "AWS_DEFAULT_REGION": "us-east-1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # read by imports
    subprocess.run([sys.executable, "-c", IMPORT, *modules], env=environment, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
