"""The requests to a model's endpoint, from rows of features, and what its answers say about each row."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from course.localaws.images.clarify.configuration import CSV, JSON, JSON_LINES, Column, Predictor, Value
from course.localaws.images.clarify.datasets import DatasetError, query

PLACEHOLDER = re.compile(r'"\$\{(?P<name>[^"]*)\}"|\$features_kvp|\$feature_names|\$features')
THRESHOLD = 0.5  # of a probability, unless the analysis has another


class AnswerError(Exception):
    """An answer of the model from which the analysis cannot take labels or scores."""


def requests(table: pd.DataFrame, predictor: Predictor, largest: int, most: int | None = None) -> Iterator[tuple[bytes, int]]:
    """The bodies of requests for the rows of a table, with the number of their rows.

    Each has at most ``most`` rows, and at most ``largest`` bytes unless its only row has more.
    """
    part: list[str] = []
    size = 0
    if predictor.content_type == JSON and "$records" not in predictor.content_template:
        most = 1
    for text in _rows(table, predictor):
        length = len(text.encode()) + 2
        if part and (len(part) == most or size + length > largest):
            yield _body(part, predictor), len(part)
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield _body(part, predictor), len(part)


def _rows(table: pd.DataFrame, predictor: Predictor) -> Iterable[str]:
    """Each row as text: a line of CSV, or a record by the template."""
    if predictor.content_type == CSV:
        # Rows of most tables are joined as they are, which takes a tenth of the time of to_csv.
        columns = [[_cell(value) for value in table[name].tolist()] for name in table.columns]
        return (",".join(row) or '""' for row in zip(*columns, strict=True))  # an empty line would be no row
    names = [str(name) for name in table.columns]
    template = predictor.content_template if predictor.content_type == JSON_LINES else predictor.record_template
    return (_filled(template, names, row) for row in _plain(table))


def _cell(value: Any) -> str:
    text = "" if _is_missing(value) else str(value)
    quoted = any(mark in text for mark in ',"\r\n')
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if quoted else text


def _plain(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    columns = [[None if _is_missing(value) else value for value in table[name].tolist()] for name in table.columns]
    return zip(*columns, strict=True)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _filled(template: str, names: Sequence[str], row: Sequence[Any]) -> str:
    """A record: the template with the features. Source of the placeholders: ``ModelConfig`` of sagemaker-core."""
    values = dict(zip(names, row, strict=True))

    def fill(found: re.Match[str]) -> str:
        if found["name"] is not None:
            return json.dumps(values[found["name"]], default=str) if found["name"] in values else found[0]
        content = {"$features_kvp": values, "$feature_names": list(names), "$features": list(row)}[found[0]]
        return json.dumps(content, default=str)

    return PLACEHOLDER.sub(fill, template)


def _body(part: Sequence[str], predictor: Predictor) -> bytes:
    if predictor.content_type != JSON:
        return ("\n".join(part) + "\n").encode()
    template = predictor.content_template
    if "$records" in template:
        return template.replace("$records", f"[{', '.join(part)}]").encode()
    return template.replace("$record", part[0]).encode()


@dataclass(frozen=True)
class Outputs:
    """Where answers have the label and the scores: an index, or a JMESPath for JSON. ``None``: the whole of the answer.

    Attributes
    ----------
    settings : (str, str)
        What the settings call ``label`` and ``probability``, for messages.
    """

    label: Column | None = None
    probability: Column | None = None
    label_headers: Sequence[Value] = ()
    settings: tuple[str, str] = ("predictor.label", "predictor.probability")

    @classmethod
    def of(cls, predictor: Predictor) -> Outputs:
        return cls(predictor.label, predictor.probability, predictor.label_headers)


@dataclass
class Answers:
    """What the model said about each row.

    Attributes
    ----------
    labels : list
        By row: a label, a list of labels (one for each score), or None.
    scores : list
        By row: a list of numbers, or None.
    """

    labels: list[Any]
    scores: list[list[float] | None]


def answers(body: bytes | str, content_type: str, count: int, outputs: Outputs) -> Answers:
    """What an answer says about its ``count`` rows. Raises `AnswerError`."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        found = _records(text, content_type, count, outputs)
    except (ValueError, OverflowError, RecursionError, DatasetError, csv.Error) as error:
        raise AnswerError(f"The model's answer cannot be read as {content_type}: {error}") from None
    if len(found) != count:
        raise AnswerError(f"The model answered {len(found)} predictions to {count} rows: {text[:200]!r}")
    return Answers([label for label, _ in found], [scores for _, scores in found])


def _records(text: str, content_type: str, count: int, outputs: Outputs) -> list[tuple[Any, list[float] | None]]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return _of_document(json.loads(text), count, outputs)
    return [_of_record(record, outputs) for record in records(text, kind, count)]


def records(text: str, kind: str, count: int) -> list[Any]:
    """Each of the ``count`` rows in an answer: the cells of a line of CSV, or what a line of JSON Lines has. Raises `ValueError`."""
    if kind == JSON_LINES:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    rows = [row for row in csv.reader(text.strip().splitlines()) if row]
    if len(rows) == 1 and count > 1 and len(rows[0]) == count:  # one line of scores, as AWS's XGBoost answers
        rows = [[cell] for cell in rows[0]]
    return [[_parsed(cell) for cell in row] for row in rows]


def _of_document(content: Any, count: int, outputs: Outputs) -> list[tuple[Any, list[float] | None]]:
    """The records of one JSON document: an expression finds a list with an element for each row, or the only row's."""

    def each(path: Column | None) -> list[Any]:
        if path is None:
            return [None] * count
        found = query(str(path), content, "the model's answer")
        return found if isinstance(found, list) and len(found) == count else [found]

    if outputs.label is None and outputs.probability is None:
        if not isinstance(content, list):
            raise ValueError(f"{' or '.join(outputs.settings)} must say where it has the predictions")
        rows = content if len(content) == count else [content]
        return [_of_record(row, outputs) for row in rows]
    labels, scores = each(outputs.label), each(outputs.probability)
    if len(labels) != len(scores):
        raise ValueError(f"predictor.label finds {len(labels)} values and predictor.probability {len(scores)}")
    return [_outcome(label, score) for label, score in zip(labels, scores, strict=True)]


def _of_record(record: Any, outputs: Outputs) -> tuple[Any, list[float] | None]:
    """Label and scores of one row."""

    def pick(path: Column | None) -> Any:
        if path is None:
            return None
        if isinstance(record, list) and (isinstance(path, int) or path.isdecimal()):
            if int(path) >= len(record):
                raise ValueError(f"there is no element {path} in {record}")
            return record[int(path)]
        return query(str(path), record, "the model's answer")

    label, scores = pick(outputs.label), pick(outputs.probability)
    if label is None and scores is None:
        if isinstance(record, dict):
            raise ValueError(f"{' or '.join(outputs.settings)} must say where a record has the prediction")
        values = record if isinstance(record, list) else [record]
        if len(values) == 1 and not _is_number(values[0]):
            return _outcome(values[0], None)
        return None, _numbers(values)
    return _outcome(label, scores)


def _outcome(label: Any, scores: Any) -> tuple[Any, list[float] | None]:
    """Label and scores of one row, checked."""
    if label is None and scores is None:
        raise ValueError("a prediction is null")
    label = _listed(label)
    if any(isinstance(each, (dict, list)) for each in (label if isinstance(label, list) else [label])):
        raise ValueError(f"a label must be a plain value, not {label!r}")
    return label, None if scores is None else _numbers(scores)


def _listed(label: Any) -> Any:
    """A label, or the list that a cell of CSV has as text."""
    if isinstance(label, str) and label.strip().startswith("["):
        return [_parsed(part.strip().strip("'\"")) for part in label.strip()[1:-1].split(",")]
    return label


def _numbers(value: Any) -> list[float]:
    value = _listed(value)
    values = value if isinstance(value, list) else [value]
    if not values or not all(map(_is_number, values)):
        raise ValueError(f"scores must be numbers, not {value!r}")
    return [float(each) for each in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _parsed(cell: str) -> Any:
    """A cell of CSV: a number if it is one."""
    try:
        return int(cell)
    except ValueError:
        try:
            return float(cell)
        except ValueError:
            return cell.strip()


def scores(found: Answers, probability: str = Outputs.settings[1]) -> np.ndarray:
    """The scores as an array (rows, outputs). A label that is a number counts as a score.

    Raises
    ------
    AnswerError
        The message names ``probability``, the setting that says where scores are.
    """
    rows = [each if each is not None else _label_score(label, probability) for label, each in zip(found.labels, found.scores, strict=True)]
    if len({len(row) for row in rows}) > 1:
        raise AnswerError("The model's answers have different numbers of scores.")
    return np.array(rows, dtype=float)


def _label_score(label: Any, probability: str = Outputs.settings[1]) -> list[float]:
    try:
        return _numbers(label)
    except ValueError:
        raise AnswerError(
            f"The model's answer {label!r} is no number, so it cannot be explained. {probability} says where scores are."
        ) from None


def predicted_labels(found: Answers, outputs: Outputs, threshold: float | None, known: Iterable[Any], continuous: bool) -> list[Any]:
    """The predicted labels, in terms of the labels of the dataset.

    Parameters
    ----------
    threshold : float or None
        Of the probability, above which a label is positive.
    known : iterable
        The labels of the dataset, each once.
    continuous : bool
        Whether the label is a number with a threshold. Then a score is the prediction itself.
    """
    labels = _Labels(list(outputs.label_headers), threshold, {value: value for value in known}, continuous)
    return [labels.of(label, score) for label, score in zip(found.labels, found.scores, strict=True)]


@dataclass(frozen=True)
class _Labels:
    """Makes the label of a row from what the model said about it. ``known`` are the dataset's labels by themselves."""

    headers: list[Any]
    threshold: float | None
    known: dict[Any, Any]
    continuous: bool

    def of(self, label: Any, score: list[float] | None) -> Any:
        if isinstance(label, list):
            if score and len(score) == len(label) > 1:
                return self._as_known(label[int(np.argmax(score))])
            label, score = None, _label_score(label)
        if label is not None and not self._is_probability(label):
            return self._as_known(label)
        values = score if score is not None else [float(label)]
        if len(values) > 1:
            if self.headers and len(self.headers) != len(values):
                raise AnswerError(f"predictor.label_headers has {len(self.headers)} elements, but the model answers {len(values)} scores.")
            return self._as_known((self.headers or range(len(values)))[int(np.argmax(values))])
        return self._of_score(values[0])

    def _of_score(self, score: float) -> Any:
        if self.threshold is None:
            if self.continuous:
                return score
            if not self.headers and score in self.known:
                return self.known[score]
        return self._binary(score > (THRESHOLD if self.threshold is None else self.threshold))

    def _is_probability(self, label: Any) -> bool:
        """Whether what is called the label is a number that a threshold cuts: one from 0 to 1 that is no label of the dataset."""
        if not _is_number(label) or (self.continuous and self.threshold is None):
            return False
        return label not in self.known and 0 <= label <= 1

    def _binary(self, positive: bool) -> Any:
        """The label of a positive or negative prediction: 1 or 0, or the header and the dataset's other label."""
        if not self.headers:
            return self._as_known(int(positive))
        others = [value for value in self.known if str(value) != str(self.headers[0])]
        return self._as_known(self.headers[0]) if positive or not others else others[0]

    def _as_known(self, label: Any) -> Any:
        return self.known.get(label, label)
