"""The work of one instance of a transform job: split its objects in order, send the records to the model, and assemble the results.

Several requests are under way at a time, and the results keep the order of the records. If a record of an object fails, the object has no
output, and the others go on ("Troubleshooting" of batch transform in the SageMaker developer guide). The lines of the data log are those
that users of AWS report: https://github.com/aws/amazon-sagemaker-examples/issues/1620 (``ClientError: 400``),
https://github.com/aws/sagemaker-tensorflow-serving-container/issues/93 (status 500), https://github.com/aws/sagemaker-python-sdk/issues/1951
(no response). 4xx statuses and bad data are ClientErrors, all other failures AlgorithmErrors. Read 2026-11-25.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gzip
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from course.localaws.jobs.boxes import JobLog
from course.localaws.jobs.s3_data import DataError, InputObject
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance
from course.localaws.sagemaker.transform import data
from course.localaws.sagemaker.transform import split as transform_split
from course.localaws.sagemaker.transform.json_paths import PathError
from course.localaws.sagemaker.transform.servers import GROUP, Body, ContainerGone, InvocationFailed, TransformClient

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENT_ERROR = "ClientError: See job logs for more information"
ALGORITHM_ERROR = "AlgorithmError: See job logs for more information"
CHUNK = 1 << 16  # bytes of one piece of a request without a limit
UNREADABLE = (ValueError, DataError, gzip.BadGzipFile, EOFError, zlib.error)


class ObjectOutput:
    """The output of one object.

    Attributes
    ----------
    item : InputObject
    path : Path
        The file of its results.
    failure : str
        The job's ``FailureReason`` if the object has no output.
    """

    def __init__(self, item: InputObject, path: Path) -> None:
        self.item, self.path, self.failure = item, path, ""
        self._file: BinaryIO | None = None

    @property
    def name(self) -> str:
        """Relative to the job's output path."""
        return f"{self.item.path}.out"

    @property
    def closed(self) -> bool:
        return self._file is not None and self._file.closed

    def write(self, results: bytes) -> None:
        self._file = self._file or self.path.open("wb")
        self._file.write(results)

    def close(self) -> None:
        self.write(b"")
        self._file.close()


class TransformWorker:
    """Transforms the objects of one instance.

    Parameters
    ----------
    run : JobRun
    instance : HostedInstance
        Answers the requests.
    stream : str
        Its log stream.
    outputs : sequence of ObjectOutput
    """

    def __init__(self, run: JobRun, instance: HostedInstance, stream: str, outputs: Sequence[ObjectOutput]) -> None:
        self._run, self._outputs, self._job = run, outputs, run.document
        self._servers, self._client = instance.servers, TransformClient(instance, run.document, lambda: run.job.ending)
        self._log = JobLog(run.platform, run.context.region, GROUP, f"{stream}/data-log")
        self._input = run.document["TransformInput"]
        self._line = run.document["TransformOutput"].get("AssembleWith", "None") == "Line"

    def transform(self) -> None:
        """Transform all objects. Raises various errors when the job is stopped."""
        asyncio.run(self._transform())

    async def _transform(self) -> None:
        try:
            self._settings = await self._client.settings()
            self._say(str(self._settings))
            self._processing = data.processing(self._job, self._job["TransformStartTime"])
            await self._send()
        except PathError as error:
            for output in self._outputs:
                self._fail(output, [str(error)], CLIENT_ERROR)
        finally:
            await self._client.close()

    async def _send(self) -> None:
        """Keep several requests under way, and take their answers in order."""
        self._turn = asyncio.Semaphore(self._settings.concurrent)
        under_way: deque[tuple[ObjectOutput, list[bytes], asyncio.Task[bytes] | None]] = deque()
        try:
            for output in self._outputs:
                try:
                    for records, body in self._payloads(output.item):
                        under_way.append((output, records, self._asked(body)))
                        while len(under_way) > 2 * self._settings.concurrent:
                            await self._take(*under_way.popleft())
                        if output.failure:
                            break
                except UNREADABLE as error:
                    self._fail(output, [str(error)], CLIENT_ERROR)
                under_way.append((output, [], None))
            while under_way:
                await self._take(*under_way.popleft())
        except ContainerGone:
            for output in self._outputs:
                output.failure = output.failure or ("" if output.closed else ALGORITHM_ERROR)
        finally:
            for _, _, answer in under_way:
                if answer is not None:
                    answer.cancel()

    def _asked(self, body: Body) -> asyncio.Task[bytes]:
        async def ask() -> bytes:
            async with self._turn:
                return await self._client.ask(body)

        asked = asyncio.create_task(ask())
        asked.add_done_callback(lambda task: task.cancelled() or task.exception())  # its result may never be read
        return asked

    async def _take(self, output: ObjectOutput, records: list[bytes], answer: asyncio.Task[bytes] | None) -> None:
        """Wait for an answer and store it; None closes the file of an object. Raises ContainerGone."""
        self._run.job.begin()
        if answer is None:
            output.close()
        elif output.failure:
            answer.cancel()
        else:
            try:
                output.write(self._assembled(records, await answer))
            except InvocationFailed as refused:
                self._run.job.begin()
                self._fail(output, *_failure(refused))
                if isinstance(refused, ContainerGone):
                    raise
            except UNREADABLE as error:
                self._fail(output, [str(error)], CLIENT_ERROR)

    def _payloads(self, item: InputObject) -> Iterator[tuple[list[bytes], Body]]:
        """The records of each request, and its body. Raises the errors in `UNREADABLE`."""
        settings, split, processing = self._settings, self._input.get("SplitType", "None"), self._processing
        if split == "None" and processing is None and settings.largest is None:
            yield [], lambda: self._stream(item)
            return
        whole = split == "None"
        if processing and processing.input.lines:
            split = "Line"
        with self._open(item) as stream:
            records = transform_split.records(stream, split, settings.single, settings.largest)
            pairs = ((record, processing.sent(record) if processing else record) for record in records)
            single = settings.single and not whole
            for pack in transform_split.packs(pairs, lambda pair: len(pair[1]), single, None if whole else settings.largest):
                body = b"".join(sent for _, sent in pack)
                transform_split.check(len(body), settings.largest)
                yield [record for record, _ in pack] if processing else [], body

    async def _stream(self, item: InputObject) -> AsyncIterator[bytes]:
        with self._open(item) as stream:
            while piece := stream.read(CHUNK):
                yield piece

    @contextlib.contextmanager
    def _open(self, item: InputObject) -> Iterator[BinaryIO]:
        with self._run.data.open(item.stored.bucket, item.stored.key) as stored:
            if self._input.get("CompressionType", "None") == "Gzip":
                with gzip.open(stored) as stream:
                    yield stream
            else:
                yield stored

    def _assembled(self, records: list[bytes], answer: bytes) -> bytes:
        """The results to store for an answer. Raises ValueError."""
        if self._processing is None:
            return answer + b"\n" if self._line and not answer.endswith(b"\n") else answer
        results = self._processing.stored(records, answer)
        return b"".join(result + b"\n" for result in results) if self._line else b"\n".join(results)

    def _fail(self, output: ObjectOutput, lines: list[str], reason: str) -> None:
        output.failure = reason
        stored = output.item.stored
        for server in self._servers:
            lines = [server.as_inside(line) for line in lines]
        self._say(*(f"{stored.bucket}/{stored.key}: {line}" for line in lines))

    def _say(self, *lines: str) -> None:
        moment = datetime.datetime.fromtimestamp(self._run.platform.clock.now(), datetime.UTC).replace(tzinfo=None)
        self._log([f"{moment.isoformat(timespec='milliseconds')}:[sagemaker logs]: {line}" for line in lines])


def _failure(refused: InvocationFailed) -> tuple[list[str], str]:
    """The data log's lines about a failed request, and the job's FailureReason."""
    if not refused.status:
        return ["Unable to get response from algorithm"], ALGORITHM_ERROR
    client = 400 <= refused.status < 500
    first = f"ClientError: {refused.status}" if client else f"Bad HTTP status received from algorithm: {refused.status}"
    lines = [first, "", "Message:", *refused.body.decode(errors="replace").splitlines()]
    return lines, CLIENT_ERROR if client else ALGORITHM_ERROR
