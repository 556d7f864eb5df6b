"""ClarifyCheck steps: check steps whose job analyzes bias or explains a model, with Clarify's image.

Source: ``clarify_check_step.py`` of `sagemaker-mlops` 1.27, which leaves the name of the model out of the analysis configuration, because
an earlier step may make the model; read 2026-11-28. AWS does not document how its job gets that name and the baseline. Here the step writes
a second configuration beside the job's results, and a job that compares has the variables of a monitoring execution, of data in files.
"""

from __future__ import annotations

import json

from course.localaws.jobs.s3_data import DataError
from course.localaws.sagemaker.pipelines.language.check_steps import ANALYSIS_CONFIG, WITH_MODEL
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from course.localaws.sagemaker.pipelines.steps.checks import CheckStep
from course.localaws.sagemaker.pipelines.steps.step_type import Attempt

CONFIG, DATASET = "analysis_config.json", "dataset"  # the names that the image expects
DATA = "/opt/ml/processing/input/data"
FORMATS = {  # dataset_type of the configuration -> dataset_format of an execution
    "text/csv": {"csv": {"header": True}},
    "application/jsonlines": {"json": {"line": True}},
    "application/json": {"json": {"line": False}},
    "application/x-parquet": {"parquet": {}},
}


class ClarifyCheckStep(CheckStep):
    """Gives its job the name of the model, and says of which form the data is that is compared with a baseline."""

    def request(self, attempt: Attempt, arguments: dict, baseline: dict[str, str]) -> dict:
        request = super().request(attempt, arguments, baseline)
        inputs = {each["InputName"]: each["S3Input"] for each in request["ProcessingInputs"]}
        uri = inputs[ANALYSIS_CONFIG]["S3Uri"]
        config = attempt.scope.json_file({"S3Uri": uri})
        if not isinstance(config, dict):
            raise ExpressionError(f"The analysis configuration {uri} is no JSON object")
        if arguments["CheckType"] in WITH_MODEL:
            changed = _with_model(config, uri, arguments["ModelName"])
            inputs[ANALYSIS_CONFIG] = inputs[ANALYSIS_CONFIG] | {"S3Uri": _stored(attempt, changed, self.output(arguments))}
            request["ProcessingInputs"] = [{"InputName": name, "S3Input": source} for name, source in inputs.items()]
        if baseline:
            request["Environment"] |= {
                "dataset_format": json.dumps(_format(config, uri)),
                "dataset_source": inputs.get(DATASET, {}).get("LocalPath", DATA),
                "output_path": request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"],
            }
        return request


def _with_model(config: dict, uri: str, model: str) -> dict:
    predictor = config.get("predictor")
    if not isinstance(predictor, dict):
        raise ExpressionError(f"The analysis configuration {uri} has no predictor")
    return config | {"predictor": predictor | {"model_name": model}}


def _format(config: dict, uri: str) -> dict:
    kind = str(config.get("dataset_type")).lower()
    if kind not in FORMATS:
        raise ExpressionError(f"The dataset_type in {uri} is {kind!r}; it must be one of {', '.join(FORMATS)}")
    return FORMATS[kind]


def _stored(attempt: Attempt, config: dict, folder: str) -> str:
    """Store a configuration in a folder; returns its URI. Raises ExpressionError."""
    uri = f"{folder}/{CONFIG}"
    try:
        attempt.scope.data.put(uri, json.dumps(config).encode())
    except DataError as error:
        raise ExpressionError(f"The analysis configuration cannot be stored as {uri}: {error}") from error
    return uri


TYPES = {"ClarifyCheck": ClarifyCheckStep("ClarifyCheck", {"Constraints": "analysis.json"})}
