"""The statistics of a dataset, as in ``statistics.json``.

Source: "Schema for Statistics" of the SageMaker developer guide, and the output of the notebook SageMaker-ModelMonitoring_outputs.ipynb of
https://github.com/aws/amazon-sagemaker-examples (std_dev is that of the population; ten buckets; k 2048, c 0.64). Read 2026-11-28.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from course.localaws.images.model_monitor import data_types, kll
from course.localaws.images.model_monitor.data_types import NUMERIC, TypeCounts
from course.localaws.images.model_monitor.distinct import DistinctValues

BUCKETS = 10


class ColumnStatistics:
    """The statistics of one column, from its values in any number of parts.

    ``text`` says that its values are counted as texts, too. Without it they are from the first value that is no number.
    """

    def __init__(self, name: str, text: bool = False) -> None:
        self.name, self.text = name, text
        self.types = TypeCounts()
        self.sketch = kll.KllSketch()
        self.distinct = DistinctValues()
        self._sum = self._mean = self._squares = 0.0  # of the numbers; squares: of the differences from the mean
        self._count = 0
        self._min, self._max = math.inf, -math.inf

    def update(self, texts: pa.Array) -> None:
        """Add values, as texts."""
        counts, numbers = data_types.parsed(texts)
        self.types.add(counts)
        if self.text or self.types.string:
            self.distinct.update(pc.if_else(pc.equal(texts, ""), None, texts))
        if not self.types.string:
            self._add_numbers(numbers.drop_null().to_numpy(zero_copy_only=False))

    @property
    def minimum(self) -> float:
        """The smallest number, infinity if there is none."""
        return self._min

    @property
    def counts(self) -> dict[str, int] | None:
        """Each text with its count. None if they were not counted or are too many."""
        return self.distinct.counts if self.text or self.types.string else None

    @property
    def incomplete(self) -> bool:
        """Whether its first text came after numbers, whose values were not counted as texts."""
        return not self.text and self.types.string > 0 and self._count > 0

    def _add_numbers(self, numbers: np.ndarray) -> None:
        count = len(numbers)
        if not count:
            return
        mean, difference = float(numbers.mean()), float(numbers.mean()) - self._mean
        total = self._count + count
        self._squares += float(((numbers - mean) ** 2).sum()) + difference**2 * self._count * count / total
        self._mean += difference * count / total
        self._sum += float(numbers.sum())
        self._count = total
        self._min, self._max = min(self._min, float(numbers.min())), max(self._max, float(numbers.max()))
        self.sketch.update(numbers)

    def statistic_set(self) -> dict[str, float]:
        """The column's numbers as a statistic set of CloudWatch."""
        return {"SampleCount": float(self._count), "Sum": self._sum, "Minimum": self._min, "Maximum": self._max}

    def as_json(self) -> dict[str, Any]:
        """The column's member of ``features``."""
        kind = self.types.inferred
        content = {"name": self.name, "inferred_type": kind}
        common = {"num_present": self.types.present, "num_missing": self.types.missing}
        if kind in NUMERIC:
            content["numerical_statistics"] = {"common": common} | self._numerical()
        else:
            content["string_statistics"] = {"common": common} | self._categorical()
        return content

    def _numerical(self) -> dict[str, Any]:
        deviation = math.sqrt(self._squares / self._count)
        return {
            "mean": self._mean,
            "sum": self._sum,
            "std_dev": deviation,
            "min": self._min,
            "max": self._max,
            "distribution": {
                "kll": {
                    "buckets": buckets(self.sketch.levels, self._min, self._max),
                    "sketch": {
                        "parameters": {"c": self.sketch.shrinking, "k": float(self.sketch.size)},
                        "data": [level.tolist() for level in self.sketch.levels],
                    },
                }
            },
        }

    def _categorical(self) -> dict[str, Any]:
        content: dict[str, Any] = {"distinct_count": self.distinct.number}
        if counts := self.distinct.counts:
            content["distribution"] = {"categorical": {"buckets": [{"value": value, "count": count} for value, count in counts.items()]}}
        return content


def buckets(levels: list[np.ndarray], low: float, high: float) -> list[dict[str, float]]:
    """Ten buckets of equal width. A bucket has its lower bound, and only the last one its upper bound."""
    bounds = np.array([low + (high - low) * number / BUCKETS for number in range(BUCKETS + 1)])
    bounds[-1] = high  # not a little less by rounding
    below = kll.ranks(levels, bounds, side="left")
    below[-1] = kll.ranks(levels, bounds[-1:])[0]
    return [
        {"lower_bound": float(bounds[number]), "upper_bound": float(bounds[number + 1]), "count": float(below[number + 1] - below[number])}
        for number in range(BUCKETS)
    ]


def statistics(
    read: Callable[[], Iterable[pa.RecordBatch]], texts: Iterable[str] = ()
) -> tuple[dict[str, Any], dict[str, ColumnStatistics]]:
    """The content of ``statistics.json`` for a table whose columns are texts, and its columns by name.

    Parameters
    ----------
    read : callable
        Returns the table in parts. It is called again for the columns whose first text came after numbers.
    texts : iterable of str
        Columns whose values are counted as texts even if all are numbers.
    """
    known = frozenset(texts)
    rows, columns = _columns(read(), {}, known)
    if incomplete := {name for name, column in columns.items() if column.incomplete}:
        columns |= _columns(read(), {name: ColumnStatistics(name, text=True) for name in incomplete}, None)[1]
    return {"version": 0.0, "dataset": {"item_count": rows}, "features": [column.as_json() for column in columns.values()]}, columns


def _columns(
    parts: Iterable[pa.RecordBatch], columns: dict[str, ColumnStatistics], texts: frozenset[str] | None
) -> tuple[int, dict[str, ColumnStatistics]]:
    """The number of rows, and the columns with the values of the table added. With ``texts`` None no columns are added."""
    rows = 0
    for part in parts:
        for name in part.schema.names:
            if name not in columns and texts is not None:
                columns[name] = ColumnStatistics(name, name in texts)
                columns[name].update(pa.nulls(rows, pa.string()))
        for name, column in columns.items():
            column.update(part.column(name) if name in part.schema.names else pa.nulls(part.num_rows, pa.string()))
        rows += part.num_rows
    return rows, columns
