"""Runs one transform job: distributes its objects to instances, and stores the results.

Sources, read 2026-11-25: "Use Batch Transform", its "Troubleshooting" and "Capture data from batch transform job" in the SageMaker
developer guide; ``TransformOutput`` and ``StopTransformJob`` of the API reference (a stopped job stores nothing).
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.call import VpcNetwork
from course.localaws.core.resources import Document
from course.localaws.jobs.control import JobFailure, ThreadTask
from course.localaws.jobs.s3_data import DataError, InputObject
from course.localaws.sagemaker.core.failure_reasons import download_failed, shorten, upload_failed
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.hosting.servers import instances
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance
from course.localaws.sagemaker.hosting.servers.model_server import HostingError, Unhealthy
from course.localaws.sagemaker.transform import servers
from course.localaws.sagemaker.transform.instance import ALGORITHM_ERROR, ObjectOutput, TransformWorker

if TYPE_CHECKING:
    from collections.abc import Sequence


END_GRACE = 2.0  # seconds in which a container must end after its work


class TransformRun(JobRun):
    """One run of a transform job."""

    @property
    def role(self) -> str:
        return self.document["_Variant"]["RoleArn"]

    @property
    def network(self) -> VpcNetwork | None:
        """The VPC of the model."""
        return VpcNetwork.of(self.context.region, self.document["_Variant"].get("VpcConfig"))

    def execute(self, folder: Path) -> None:
        self.launch()
        self.update({"TransformStartTime": self.engine.now()})
        outputs = self._outputs(folder / "outputs")
        made = servers.make(self.runner, self.context, self.document)
        self.job.run(lambda: ThreadTask(lambda: self._transform(made, outputs), lambda seconds: stop(made, seconds)))
        if self.job.stopped_by:
            return
        done = [output for output in outputs if not output.failure]
        try:
            self._upload(done)
            self._capture(done, folder)
        except DataError as error:
            raise JobFailure(upload_failed(error)) from error
        if failed := [output for output in outputs if output.failure]:
            raise JobFailure(failed[0].failure)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        return ended(self.engine.now(), status, failure)

    def _outputs(self, folder: Path) -> list[ObjectOutput]:
        """The output of each object. Keys that end with ``/`` are folders and are skipped."""
        folder.mkdir()
        source = self.document["TransformInput"]["DataSource"]["S3DataSource"]
        try:
            items = [item for item in self.data.find(source["S3Uri"], source["S3DataType"]) if not item.stored.key.endswith("/")]
            for item in items[:1]:
                self.data.require_read(item.stored.bucket, item.stored.key)
        except DataError as error:
            raise JobFailure(download_failed(error)) from error
        return [ObjectOutput(item, folder / str(number)) for number, item in enumerate(items)]

    def _transform(self, made: list[tuple[HostedInstance, str]], outputs: list[ObjectOutput]) -> None:
        """Start the instances, let each transform its share of the objects, and stop them."""
        try:
            instances.start([instance for instance, _ in made])
            shares = [TransformWorker(self, *each, outputs[number :: len(made)]) for number, each in enumerate(made)]
            instances.run_concurrently(shares, TransformWorker.transform)
        except Unhealthy as error:
            if not self.job.ending:
                raise JobFailure(ALGORITHM_ERROR) from error
        except HostingError as error:
            if not self.job.ending:
                raise JobFailure(shorten(f"ClientError: {error}")) from error
        except Exception:
            if not self.job.ending:  # otherwise it failed because its instances were stopped
                raise
        finally:
            stop(made, 0 if self.job.ending else END_GRACE)

    def _upload(self, outputs: Sequence[ObjectOutput]) -> None:
        target = self.document["TransformOutput"]
        key = key_of(self.platform, self.context, target)
        for output in outputs:
            self.job.begin()
            self.data.upload(output.path, f"{target['S3OutputPath'].rstrip('/')}/{output.name}", kms_key=key)

    def _capture(self, outputs: Sequence[ObjectOutput], folder: Path) -> None:
        """Store manifests of the input and the output objects."""
        config = self.document.get("DataCaptureConfig")
        if config is None or not outputs:
            return
        hour = time.strftime("%Y/%m/%d/%H", time.gmtime(self.document["TransformStartTime"]))
        results = [{"prefix": f"{self.document['TransformOutput']['S3OutputPath'].rstrip('/')}/"}, *(output.name for output in outputs)]
        for kind, manifest in (("input", inputs([output.item for output in outputs])), ("output", results)):
            path = folder / f"{kind}.jsonl"
            path.write_text(json.dumps(manifest))
            uri = f"{config['DestinationS3Uri'].rstrip('/')}/{kind}/{hour}/{uuid.uuid4()}.jsonl"
            self.data.upload(path, uri, kms_key=key_of(self.platform, self.context, config))


def stop(made: list[tuple[HostedInstance, str]], seconds: float) -> None:
    instances.run_concurrently(made, lambda each: each[0].stop(seconds))


def ended(now: float, status: str, failure: str) -> dict:
    """The members that change when a job ends."""
    return {"TransformJobStatus": status, "TransformEndTime": now} | ({"FailureReason": failure} if failure else {})


def inputs(items: Sequence[InputObject]) -> list:
    """A manifest of objects: the folder of the job's input and their paths below it, or the bucket and their keys."""
    bucket, keys, paths = items[0].stored.bucket, [item.stored.key for item in items], [str(item.path) for item in items]
    pairs = [(f"/{key}", f"/{path}") for key, path in zip(keys, paths, strict=True)]
    folders = {key.removesuffix(path) for key, path in pairs}
    if len(folders) == 1 and all(key.endswith(path) for key, path in pairs):
        return [{"prefix": f"s3://{bucket}{folders.pop()}/"}, *paths]
    return [{"prefix": f"s3://{bucket}/"}, *keys]
