"""The topics of a trained model as words, with two scores of their quality.

``wetc``, the pairwise word embedding topic coherence (Ding, Nallapati, Xiang, "Coherence-Aware Neural Topic Modeling", 2018), is the mean
cosine between the vectors of a topic's words. AWS takes the vectors from GloVe; here a word's vector is its column of the training data,
so that words of the same documents are alike. The scores are real, but cannot be compared with those of AWS's log.

``tu``, the topic uniqueness (Nan and others, "Topic Modeling with Wasserstein Autoencoders", 2019), is the mean over a topic's words of
1 / number of topics that have the word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHOWN = 20  # words of a topic, as in AWS's log


@dataclass(frozen=True, slots=True)
class Topic:
    """``words`` are the most probable words. ``coherence`` is None without a vocabulary."""

    words: list[str]
    uniqueness: float
    coherence: float | None


def describe(weights: np.ndarray, documents: np.ndarray, vocabulary: list[str] | None) -> list[Topic]:
    """The topics of a model.

    Parameters
    ----------
    weights : array of shape (words, topics)
    documents : array of shape (documents, words)
        The training data.
    vocabulary : list of str, optional
        Without it, words are shown by their numbers.
    """
    top = np.argsort(-weights, axis=0, kind="stable")[:SHOWN].T
    numbers, counts = np.unique(top, return_counts=True)
    uniqueness = (1 / counts)[np.searchsorted(numbers, top)].mean(axis=1)
    return [
        Topic(
            [str(number) if vocabulary is None else vocabulary[number] for number in row],
            float(unique),
            None if vocabulary is None else _coherence(documents[:, row]),
        )
        for row, unique in zip(top, uniqueness, strict=True)
    ]


def _coherence(columns: np.ndarray) -> float:
    """The mean cosine of pairs of different columns. A column of zeros is unlike all others. 1 for a single column."""
    lengths = np.linalg.norm(columns, axis=0)
    unit = columns / np.where(lengths > 0, lengths, 1)
    first, second = np.triu_indices(columns.shape[1], 1)
    return float((unit.T @ unit)[first, second].mean()) if len(first) else 1.0
