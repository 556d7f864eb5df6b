"""Debugger, profiler and TensorBoard, as far as a training job carries them: its container is told, and what it writes goes to S3.

Rules are not evaluated and nothing is profiled, and a job says so: AWS closed Debugger to new accounts on 30 July 2026.

Source of paths: ``smdebug/core/config_constants.py`` of awslabs/sagemaker-debugger, and the properties
``latest_job_debugger_artifacts_path`` and ``latest_job_tensorboard_artifacts_path`` of SDK v2's estimators, read 2026-11-25.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from course.localaws.core.errors import AwsError
from course.localaws.jobs.folder_sync import FolderSync, below_ml
from course.localaws.jobs.s3_data import JobData

# Member of the request -> its file below input/config, where the container writes unless told otherwise, and the name in S3.
WRITTEN = {
    "DebugHookConfig": ("debughookconfig.json", "/opt/ml/output/tensors", "debug-output"),
    "TensorBoardOutputConfig": ("tensorboardoutputconfig.json", "/opt/ml/output/tensorboard", "tensorboard-output"),
}
RULES = {"DebugRule": "DebugRuleEvaluationStatuses", "ProfilerRule": "ProfilerRuleEvaluationStatuses"}
NOT_EVALUATED = "The local AWS evaluates no rules of Debugger."


def described(params: dict, now: float) -> dict:
    """What a new job's description says of its rules and its profiling."""
    found: dict = {}
    for kind, statuses in RULES.items():
        rules = params.get(f"{kind}Configurations", [])
        if rules:
            told = {"RuleEvaluationStatus": "Error", "StatusDetails": NOT_EVALUATED, "LastModifiedTime": now}
            found[f"{kind}Configurations"] = [{"VolumeSizeInGB": 0} | rule for rule in rules]
            found[statuses] = [{"RuleConfigurationName": rule["RuleConfigurationName"], **told} for rule in rules]
    return found | ({"ProfilingStatus": "Disabled"} if "ProfilerConfig" in params else {})


def check(params: dict) -> None:
    """Refuse names of rules that are not unique. Raises AwsError ``ValidationException``."""
    for kind in RULES:
        names = [rule["RuleConfigurationName"] for rule in params.get(f"{kind}Configurations", [])]
        if len(names) != len(set(names)):
            raise AwsError("ValidationException", f"RuleConfigurationName must be unique in {kind}Configurations; got {', '.join(names)}.")


def lay_out(root: Path, job: dict, data: JobData) -> Iterator[FolderSync]:
    """Tell the container of a job what it is to write, and say how that goes to S3 while it runs."""
    for member, (file, path, name) in WRITTEN.items():
        if member in job:
            (root / "input/config" / file).write_text(json.dumps(job[member]))
            written = job[member].get("LocalPath", path)
            below_ml(root, written)
            yield FolderSync(data, root, written, f"{job[member]['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/{name}")
    if "ProfilerConfig" in job:
        (root / "input/config/profilerconfig.json").write_text(json.dumps(job["ProfilerConfig"]))
