"""Filters records before the model, joins them with the predictions, and adds inference ids.

Sources, read 2026-11-25: "Associate Prediction Results with Input Records" of the SageMaker developer guide and `DataProcessing` of the API
reference (a row of CSV is an array; JSON gets ``SageMakerOutput``, and a record that is no object goes to ``SageMakerInput``); "Capture
data from batch transform job" (inference id and the job's start are appended). Error texts about lines and CSV are those that users of AWS
report, for example https://github.com/aws/amazon-sagemaker-examples/issues/821.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import time
import uuid
from dataclasses import dataclass

from course.localaws.core import json_text
from course.localaws.core.errors import invalid
from course.localaws.sagemaker.transform import json_paths
from course.localaws.sagemaker.transform.json_paths import JsonPath, PathError

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
OUTPUT, INPUT = "SageMakerOutput", "SageMakerInput"
ID, TIME = "SageMakerInferenceId", "SageMakerInferenceTime"
WHOLE = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}


class JoinError(ValueError):
    """The container's answer does not fit its request; the message goes to the job's data log."""


class CsvRecords:
    """Rows of text."""

    lines = True  # a record is a line, even if the object is not split

    def read(self, record: bytes) -> list[str]:
        rows = _rows(record)
        if len(rows) != 1:
            raise ValueError("a record of CSV is one line")
        return rows[0]

    def answers(self, body: bytes, count: int) -> list[list[str]]:
        try:
            return _rows(body)
        except ValueError as error:
            raise JoinError("Failed to parse output from the algorithm as CSV") from error

    def write(self, row: list[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(row)
        return text.getvalue().encode()

    def select(self, path: JsonPath, row: list[str]) -> list[str]:
        return [row[number] for number in _columns(path, len(row))]

    def join(self, row: list[str], answer: list[str]) -> list[str]:
        return row + answer

    def mark(self, row: list[str], marks: dict[str, str]) -> list[str]:
        return row + list(marks.values())


class JsonRecords:
    """JSON: one document for each object or for each line."""

    def __init__(self, lines: bool) -> None:
        self.lines = lines

    def read(self, record: bytes) -> object:
        try:
            return json_text.load(record)
        except ValueError as error:
            raise ValueError(f"Failed to parse a record of the input as JSON: {error}") from error

    def answers(self, body: bytes, count: int) -> list:
        try:
            return [json_text.load(body)] if count == 1 else [json_text.load(line) for line in body.splitlines() if line.strip()]
        except ValueError as error:
            raise JoinError("Failed to parse output from the algorithm as JSON") from error

    def write(self, value: object) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def select(self, path: JsonPath, value: object) -> object:
        return path.select(value)

    def join(self, value: object, answer: object) -> dict:
        return (value if isinstance(value, dict) else {INPUT: value}) | {OUTPUT: answer}

    def mark(self, value: object, marks: dict[str, str]) -> dict:
        return (value if isinstance(value, dict) else {OUTPUT: value}) | marks


FORMATS = {CSV: CsvRecords(), JSON: JsonRecords(lines=False), JSON_LINES: JsonRecords(lines=True)}


@dataclass(frozen=True)
class DataProcessing:
    """How the records of one job are processed.

    Attributes
    ----------
    input, output : CsvRecords or JsonRecords
    input_filter : JsonPath
        The part of a record that the container gets.
    output_filter : JsonPath
        The part of a result that is stored.
    join_input : bool
        Whether a result contains the record, and not only the prediction.
    began : float or None
        The start of the job in Unix seconds, if every result gets an inference id.
    """

    input: CsvRecords | JsonRecords
    output: CsvRecords | JsonRecords
    input_filter: JsonPath
    output_filter: JsonPath
    join_input: bool
    began: float | None

    def sent(self, record: bytes) -> bytes:
        """The part of a record for the container. Raises ValueError if it has another format, or nothing at the path."""
        if self.input_filter.whole:
            return record
        return self.input.write(self.input.select(self.input_filter, self.input.read(record))) + b"\n"

    def stored(self, records: list[bytes], answer: bytes) -> list[bytes]:
        """The results of records that were sent together, without line ends. Raises JoinError, ValueError."""
        answers = self.output.answers(answer, len(records))
        if self.join_input and len(answers) != len(records):
            raise JoinError("Fail to join data: mismatched line count between the input and the output")
        if self.join_input:
            pairs = zip(records, answers, strict=True)
            answers = [self.output.join(self.input.read(record), answer) for record, answer in pairs]
        if not self.output_filter.whole:
            answers = [self.output.select(self.output_filter, each) for each in answers]
        if self.began is not None:
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began))
            answers = [self.output.mark(each, {ID: str(uuid.uuid4()), TIME: moment}) for each in answers]
        return [self.output.write(each) for each in answers]


def processing(job: dict, began: float) -> DataProcessing | None:
    """The processing that a job asks for; None if records and answers pass unchanged. Raises PathError."""
    if not asked(job):
        return None
    given = WHOLE | job.get("DataProcessing", {})
    source, result = formats(job)
    sees, stores = json_paths.parse(given["InputFilter"]), json_paths.parse(given["OutputFilter"])
    for path, form in ((sees, source), (stores, result)):
        if isinstance(form, CsvRecords) and not path.of_rows:
            raise PathError(f"Invalid JsonPath: {path.text}: only index based paths can be applied to CSV")
    ids = job.get("DataCaptureConfig", {}).get("GenerateInferenceId", False)
    return DataProcessing(source, result, sees, stores, given["JoinSource"] == "Input", began if ids else None)


def asked(job: dict) -> bool:
    """Whether a job processes its records."""
    return WHOLE | job.get("DataProcessing", {}) != WHOLE or job.get("DataCaptureConfig", {}).get("GenerateInferenceId", False)


def formats(job: dict) -> tuple[CsvRecords | JsonRecords, CsvRecords | JsonRecords]:
    """The formats of the input and the output of a job that processes its records.

    Raises
    ------
    AwsError
        ``ValidationException`` for content types that AWS cannot process; the error text is ours.
    """
    given = job["TransformInput"].get("ContentType", "")
    accept = job["TransformOutput"].get("Accept", given)
    for member, value in (("ContentType", given), ("Accept", accept)):
        if _media(value) not in FORMATS:
            raise invalid(f"DataProcessing and inference ids need {member} to be one of {', '.join(FORMATS)}; got {value!r}.")
    source, result = FORMATS[_media(given)], FORMATS[_media(accept)]
    if job.get("DataProcessing", {}).get("JoinSource") == "Input" and type(source) is not type(result):
        raise invalid(f"JoinSource Input needs ContentType and Accept to be both CSV or both JSON; got {given!r} and {accept!r}.")
    if job["TransformInput"].get("SplitType", "None") not in ("None", "Line"):
        raise invalid("DataProcessing and inference ids need SplitType to be Line or None.")
    return source, result


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _rows(text: bytes) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text.decode(), newline=""), strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"the CSV could not be parsed: {error}") from error


@functools.lru_cache(1024)
def _columns(path: JsonPath, width: int) -> list[int]:
    found = path.select(list(range(width)))
    return found if isinstance(found, list) else [found]
