"""Checks the channels of a topic model: their records are documents, and their features are counts of words."""

from __future__ import annotations

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset


def check(data: dict[str, Dataset]) -> None:
    """Raise `AlgorithmClientError` for a negative count, and for training data without any word."""
    for channel, dataset in data.items():
        if (dataset.features < 0).any():
            raise AlgorithmClientError(
                f"The channel '{channel}' holds the value {dataset.features.min():g}. The features of a document are counts of words, "
                "which are never negative."
            )
    if not data["train"].features.any():
        raise AlgorithmClientError("The channel 'train' holds no word: all counts are 0.")
