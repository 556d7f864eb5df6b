"""The inputs of an execution's jobs: captured data of its window, labels, and both merged, hour by hour.

Source: "Container Contract Inputs", "Capture data" and "Capture data from batch transform job" of the SageMaker developer guide, and the
recorded jobs that `jobs` names. Read 2026-11-28. What a transform job captures are manifests of its objects in ``input`` and ``output``.
AWS does not document which of the two a monitor reads. Here data quality and explainability read the input, the merge reads the output, and
that of bias also the input, where the facets are.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import ResourceEngine
from course.localaws.jobs.s3_data import JobData
from course.localaws.sagemaker.hosting.endpoint_configs import ENDPOINT_CONFIG
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.monitoring.monitoring_job import MODEL_BIAS, MonitoringJob
from course.localaws.sagemaker.monitoring.timing import Window


class NoData(Exception):
    """There is no captured data in the window."""


class CapturedData:
    """Finds the data of one execution.

    Parameters
    ----------
    engine : ResourceEngine
    context : Context
    reading : JobData
        S3 with the rights of the job's role.
    job : MonitoringJob
    """

    def __init__(self, engine: ResourceEngine, context: Context, reading: JobData, job: MonitoringJob) -> None:
        self._reading, self._job = reading, job
        self._config = _endpoint_config(engine, context, job.endpoint) if job.endpoint else None

    @property
    def prefix(self) -> str:
        """The ``DestinationS3Uri`` of the endpoint's captured data, ``""`` if it captures none."""
        return (self._config or {}).get("DataCaptureConfig", {}).get("DestinationS3Uri", "")

    def captured(self, window: Window) -> list[dict]:
        """The inputs with captured data. Raises `NoData`, and AwsError or DataError if S3 cannot be read."""
        place = self._job.source["LocalPath"].rstrip("/")
        if self._job.endpoint:
            folders = {f"{self.prefix.rstrip('/')}/{folder}": f"{place}/{folder}" for folder in self._folders()} if self.prefix else {}
            inputs = self._hourly(folders, window, "endpoint_input")
        else:
            inputs = self._manifests(window, place)
        if not inputs:
            raise NoData
        return inputs

    def labels(self, window: Window, place: str) -> list[dict]:
        """The inputs with labels, which may be none."""
        return self._hourly({self._job.ground_truth.rstrip("/"): place}, window, "groundtruth_input")

    def merged(self, uri: str, window: Window) -> list[dict]:
        """The inputs with requests and their labels. ``uri`` is where the merge put them."""
        place = self._job.source["LocalPath"].rstrip("/")
        folders = {f"{uri}/{folder}": f"{place}/{folder}" for folder in self._folders()} if self._job.endpoint else {uri: place}
        return self._hourly(folders, window, "endpoint_input" if self._job.endpoint else "batch_transform_input")

    def _folders(self) -> list[str]:
        """The folders of captured data, one for each variant."""
        variants = (self._config or {}).get("ProductionVariants", [])
        return [f"{self._job.endpoint}/{variant['VariantName']}" for variant in variants]

    def _hourly(self, folders: dict[str, str], window: Window, name: str) -> list[dict]:
        """An input for each hour of a window in which there are objects below one of the URIs, which ``folders`` maps to local paths."""
        hours = [f"{hour:%Y/%m/%d/%H}" for hour in window.hours]
        pairs = [(f"{uri}/{hour}", f"{place}/{hour}") for uri, place in folders.items() for hour in hours]
        found = [(uri, place) for uri, place in pairs if self._reading.below(f"{uri}/")]
        return [self._input(f"{name}_{number}", uri, place) for number, (uri, place) in enumerate(found, 1)]

    def _manifests(self, window: Window, place: str) -> list[dict]:
        """An input for each manifest. Those of a job's input and output have folders of the same number: a job captures both at once."""
        destination, inputs = self._job.source["DataCapturedDestinationS3Uri"].rstrip("/"), []
        sides = ("output", "input") if self._job.type == MODEL_BIAS else ("output",) if self._job.labelled else ("input",)
        for side, hour in ((side, f"{hour:%Y/%m/%d/%H}") for side in sides for hour in window.hours):
            found = [item.stored for item in self._reading.below(f"{destination}/{side}/{hour}/")]
            for number, stored in enumerate(sorted(found, key=lambda each: (each.modified, each.key)), 1):
                name, folder = f"batch_transform_input_{len(inputs) + 1}", f"{place}/{side}/{hour}/{number:04}"
                inputs.append(self._input(name, f"s3://{stored.bucket}/{stored.key}", folder, S3DataType="ManifestFile"))
        return inputs

    def _input(self, name: str, uri: str, place: str, **options: str) -> dict:
        given = {member: self._job.source[member] for member in ("S3InputMode", "S3DataDistributionType") if member in self._job.source}
        return processing_input(name, uri, place, **given, **options)


def processing_input(name: str, uri: str, place: str, **options: str) -> dict:
    """An input of a processing job. ``options`` are members of its ``S3Input``."""
    defaults = {"S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": place, **defaults, **options}}


def _endpoint_config(engine: ResourceEngine, context: Context, endpoint: str) -> dict | None:
    found = engine.find(context, ENDPOINT, endpoint)
    return engine.find(context, ENDPOINT_CONFIG, found["EndpointConfigName"]) if found else None
