"""Processing jobs: a command in an image, with S3 objects below /opt/ml/processing before it and files from there in S3 after it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from course.localaws.containers import images, mlroot
from course.localaws.containers.box import Box
from course.localaws.containers.images import own
from course.localaws.errors import AwsError
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.engine import Document, Kind
from course.localaws.sagemaker.job_data import DataError, split
from course.localaws.sagemaker.job_runner import OUT_OF_MEMORY, JobFailure, JobLog
from course.localaws.sagemaker.jobs import DEFAULT_SECONDS, LOST, JobRun, Jobs, check_isolation, unsupported

PROCESSING_JOB = Kind(
    name="ProcessingJob",
    arn="processing-job",
    missing="Could not find requested job with name: {name}",
    exists="Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="ProcessingJobStatus",
    summary=("ProcessingEndTime", "FailureReason", "ExitMessage"),
    usage="processing job usage",
    instances=lambda document: [
        (cluster["InstanceType"], cluster["InstanceCount"]) for cluster in (document["ProcessingResources"]["ClusterConfig"],)
    ],
    holding=("InProgress", "Stopping"),
    event="SageMaker Processing Job State Change",
)
GROUP = "/aws/sagemaker/ProcessingJobs"
LOCAL = "/opt/ml/processing/"
TOLD = (
    "AppSpecification",
    "Environment",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "RoleArn",
    "StoppingCondition",
)


class ProcessingRun(JobRun):
    """The work of one processing job."""

    exit_message: str | None = None

    def work(self, folder: Path) -> None:
        root, document = folder / "ml", self.document
        self.update({"ProcessingStartTime": self.engine.now()})
        try:
            image = images.find(document["AppSpecification"]["ImageUri"], document["RoleArn"])
        except AwsError as error:  # it was deleted since the job was created
            raise JobFailure(mlroot.shorten(f"ClientError: {error.message}")) from error
        try:
            self._lay_out(root, image)
        except DataError as error:
            raise JobFailure(mlroot.shorten(f"ClientError: Data download failed:{error}")) from error
        box = self._box(folder, image)
        box.stage(root)
        command = command_of(image, document)
        log = JobLog(self.platform, self.context.region, GROUP, f"{self.name}/algo-1-{int(self.engine.now())}")
        running = self.job.run(
            lambda: box.start(command, log, image.workdir or "/opt/ml"), document["StoppingCondition"]["MaxRuntimeInSeconds"]
        )
        mlroot.confine(root)
        self.exit_message = mlroot.read_message(root / "output/message")
        if self.job.stopped_by:
            return
        if running.limit == "memory":
            raise JobFailure(OUT_OF_MEMORY)
        if running.exit_code != 0:
            raise JobFailure(f"AlgorithmError: See job logs for more information, exit code: {running.exit_code}")
        try:
            for output in outputs(document):
                self.data.upload_folder(place(root, output["S3Output"]["LocalPath"]), output["S3Output"]["S3Uri"])
        except DataError as error:
            raise JobFailure(mlroot.shorten(f"ClientError: Artifact upload failed:{error}")) from error

    def ended(self, document: Document, status: str, failure: str) -> dict:
        return ended(self.engine.now(), status, failure) | ({"ExitMessage": self.exit_message} if self.exit_message else {})

    def _lay_out(self, root: Path, image: images.Image) -> None:
        document = self.document
        told = {"ProcessingJobArn": document["ProcessingJobArn"], "ProcessingJobName": self.name}
        mlroot.lay_out_processing(root, told | {member: document[member] for member in TOLD if member in document})
        own.lay(image.files, root, ("config", "output"))
        for item in document.get("ProcessingInputs", []):
            source = item["S3Input"]
            found = self.data.find(source["S3Uri"], source["S3DataType"])
            folder = place(root, source["LocalPath"])
            folder.mkdir(parents=True, exist_ok=True)
            self.data.download(found, folder, False, lambda: self.job.ending)
            self.job.begin()
        for output in outputs(document):
            place(root, output["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)

    def _box(self, folder: Path, image: images.Image) -> Box:
        overlay = self.runner.overlay(self.job, folder, requirements_of(folder), image)
        extra = image.environment | self.document.get("Environment", {})
        variables = self.runner.variables(self.context, self.document["RoleArn"], overlay, extra)
        return self.runner.box(folder, variables, isolated=isolated(self.document), image=image)


class ProcessingJobs(Jobs):
    kind, noun, run = PROCESSING_JOB, "processing job", ProcessingRun

    def prepare(self, context: Context, params: dict) -> Document:
        check_supported(params)
        if not command_of(images.find(params["AppSpecification"]["ImageUri"], params["RoleArn"]), params):
            raise unsupported("a processing job without AppSpecification.ContainerEntrypoint, since its image has no entrypoint of its own")
        for output in outputs(params):
            bucket, _ = split(output["S3Output"]["S3Uri"])
            if not self.platform.objects.bucket_exists(bucket):
                raise AwsError("ValidationException", f"The S3 bucket '{bucket}' of output {output['OutputName']} does not exist.")
        condition = {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {})
        return params | {"StoppingCondition": condition, "ProcessingJobStatus": "InProgress"}

    def lost(self, document: Document) -> dict:
        return ended(self.engine.now(), "Failed", LOST)


def ended(now: float, status: str, failure: str) -> dict:
    """The members that change when a job ends; one that ran out of time is ``Stopped``."""
    changes = {"ProcessingJobStatus": "Stopped" if status == "MaxRuntimeExceeded" else status, "ProcessingEndTime": now}
    return changes | ({"FailureReason": failure} if failure else {})


def check_supported(params: dict) -> None:
    """Refuse what the local AWS does not do, and requests that contradict themselves. Raises AwsError."""
    if params["ProcessingResources"]["ClusterConfig"]["InstanceCount"] != 1:
        raise unsupported("processing on several instances")
    check_isolation(isolated(params))
    inputs = params.get("ProcessingInputs", [])
    for kind, entries in (("Input", inputs), ("Output", outputs(params))):
        names = [entry[f"{kind}Name"] for entry in entries]
        if len(names) != len(set(names)):
            raise AwsError("ValidationException", f"{kind} names must be unique; got {', '.join(names)}.")
    for entry in inputs:
        check_input(entry)
    for entry in outputs(params):
        if "S3Output" not in entry:
            raise unsupported(f"FeatureStoreOutput ({entry['OutputName']})")
        if entry["S3Output"]["S3UploadMode"] != "EndOfJob":
            raise unsupported(f"S3UploadMode Continuous ({entry['OutputName']}); use EndOfJob")
        check_local(entry["OutputName"], entry["S3Output"])


def command_of(image: images.Image, document: dict) -> list[str]:
    """What a job runs; ``[]`` where neither it nor its image says."""
    specification = document["AppSpecification"]
    return image.process(specification.get("ContainerEntrypoint", []), specification.get("ContainerArguments", []))


def check_input(entry: dict) -> None:
    name, source = entry["InputName"], entry.get("S3Input")
    if source is None:
        raise unsupported(f"DatasetDefinition ({name})")
    if source.get("S3InputMode", "File") != "File":
        raise unsupported(f"S3InputMode {source['S3InputMode']} ({name}); use File")
    if source.get("S3CompressionType", "None") != "None":
        raise AwsError("ValidationException", f"S3CompressionType {source['S3CompressionType']} of {name} can only be used in Pipe mode.")
    check_local(name, source)


def check_local(name: str, data: dict) -> None:
    if not f"{data.get('LocalPath', '')}/".startswith(LOCAL):
        raise AwsError("ValidationException", f"LocalPath of {name} must begin with {LOCAL}; got {data.get('LocalPath')!r}.")


def isolated(document: dict) -> bool:
    return document.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)


def outputs(document: dict) -> list[dict]:
    return document.get("ProcessingOutputConfig", {}).get("Outputs", [])


def place(root: Path, local: str) -> Path:
    """Where a path below /opt/ml lies outside the box."""
    parts = Path(local).relative_to("/opt/ml").parts
    return root.joinpath(*[part for part in parts if part != ".."])


def requirements_of(folder: Path) -> Path | None:
    """The ``requirements.txt`` in the source archive of a FrameworkProcessor, taken out of it; None when there is none."""
    for archive in (folder / "ml/processing/input").rglob("sourcedir.tar.gz"):
        try:
            with tarfile.open(archive) as tar:
                tar.extract("requirements.txt", folder, filter="data")
            return folder / "requirements.txt"
        except (KeyError, tarfile.TarError, OSError):
            continue
    return None
