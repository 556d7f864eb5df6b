"""Counts the distinct values of a column in bounded memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# The largest number of distinct values whose counts are kept: Deequ's limit for histograms (`ColumnProfiler`).
MOST_BUCKETS = 120
HASHES = 4096  # the error of the estimate is about 1 / sqrt(HASHES), 1.6 %


class DistinctValues:
    """The values of a column of texts with their counts while they are few, and an estimate of their number.

    The estimate is that of the k smallest hashes (Bar-Yossef and others, "Counting Distinct Elements in a Data Stream", 2002). It is exact
    below k values. AWS's is an estimate, too.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] | None = {}
        self._smallest = np.empty(0, dtype=np.uint64)

    @property
    def counts(self) -> dict[str, int] | None:
        """Each value with its count, most frequent first. None if there are more than `MOST_BUCKETS` values."""
        return None if self._counts is None else dict(sorted(self._counts.items(), key=lambda each: (-each[1], each[0])))

    @property
    def number(self) -> float:
        """The number of distinct values."""
        if len(self._smallest) < HASHES:
            return float(len(self._smallest))
        return float(round((HASHES - 1) / (int(self._smallest[-1]) / 2**64)))

    def update(self, texts: pa.Array) -> None:
        """Add texts. Nulls are ignored."""
        counted = pc.value_counts(texts.drop_null())
        values, counts = counted.field("values"), counted.field("counts")
        if len(values):
            hashed = pd.util.hash_array(np.asarray(values.to_pandas(), dtype=object), categorize=False)
            self._smallest = np.unique(np.concatenate([self._smallest, hashed]))[:HASHES]
        if self._counts is not None:
            for value, count in zip(values.to_pylist(), counts.to_pylist(), strict=True):
                self._counts[value] = self._counts.get(value, 0) + count
            self._counts = self._counts if len(self._counts) <= MOST_BUCKETS else None
