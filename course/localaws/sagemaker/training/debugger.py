"""Debugger, profiler and TensorBoard: a job's container gets their configuration, and what it writes goes to S3.

No rules are evaluated and nothing is profiled, and a job's description says so: AWS closed Debugger to new accounts on 30 July 2026.

Source of the paths: ``smdebug/core/config_constants.py`` of awslabs/sagemaker-debugger, and the properties
``latest_job_debugger_artifacts_path`` and ``latest_job_tensorboard_artifacts_path`` of SDK v2's estimators, read 2026-11-25.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from course.localaws.jobs.folder_sync import FolderSync
from course.localaws.jobs.s3_data import JobData
from course.localaws.sagemaker.core import ml_folder

# By member of the request: its file below input/config, the folder that the container writes by default, and the name in S3.
WRITTEN = {
    "DebugHookConfig": ("debughookconfig.json", "/opt/ml/output/tensors", "debug-output"),
    "TensorBoardOutputConfig": ("tensorboardoutputconfig.json", "/opt/ml/output/tensorboard", "tensorboard-output"),
}
RULES = {"DebugRule": "DebugRuleEvaluationStatuses", "ProfilerRule": "ProfilerRuleEvaluationStatuses"}
NOT_EVALUATED = "The local AWS evaluates no rules of Debugger."


def described(params: dict, now: float) -> dict:
    """The members of a new job's description about its rules and its profiling."""
    found: dict = {}
    for kind, statuses in RULES.items():
        rules = params.get(f"{kind}Configurations", [])
        if rules:
            status = {"RuleEvaluationStatus": "Error", "StatusDetails": NOT_EVALUATED, "LastModifiedTime": now}
            found[f"{kind}Configurations"] = [{"VolumeSizeInGB": 0} | rule for rule in rules]
            found[statuses] = [{"RuleConfigurationName": rule["RuleConfigurationName"], **status} for rule in rules]
    return found | ({"ProfilingStatus": "Disabled"} if "ProfilerConfig" in params else {})


def prepare(root: Path, job: dict, data: JobData) -> Iterator[FolderSync]:
    """Write the configuration files of a job's container. Yields what copies its output to S3 while it runs."""
    for member, (file, path, name) in WRITTEN.items():
        if member in job:
            (root / "input/config" / file).write_text(json.dumps(job[member]))
            folder = ml_folder.make(root, job[member].get("LocalPath", path))
            yield FolderSync(data, root, folder, f"{job[member]['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/{name}")
    if "ProfilerConfig" in job:
        (root / "input/config/profilerconfig.json").write_text(json.dumps(job["ProfilerConfig"]))
