"""Latent Dirichlet Allocation: topics as distributions of words, and documents as mixtures of topics.

Matches the model of "How LDA Works" in the developer guide, its prior (``alpha0`` is the sum of the Dirichlet prior's elements), channels,
answers and model: ``alpha`` of shape (topics,) and ``beta`` of shape (topics, words). Different: AWS decomposes a tensor of moments;
here scikit-learn's variational inference fits the topics (Hoffman, Blei, Bach 2010), from several starts on a sample and then from the
best one on all documents. So ``max_restarts`` counts these starts, and ``max_iterations`` limits the passes over the documents, which
end earlier once the perplexity no longer changes. AWS does not document the formula of ``test:pwll``; here it is the logarithm of the
probability of the test data's words under their topic mixtures, divided by the number of words.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma
from sklearn import config_context
from sklearn.decomposition import LatentDirichletAllocation

from course.localaws.images.algorithms import word_counts
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.distances import pieces
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "predictions"
SAMPLE, PASSES = 200, 5  # documents, and passes over them, for each start
LOOK = 5  # passes between two looks at the perplexity
CHANGE = 1e-4  # of the perplexity, as a share of its largest value, which is the number of words


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """``alpha``, ``beta``, and ``components``, the parameters of the topics' Dirichlet distributions, of the shape of ``beta``."""
    word_counts.check(data)
    documents = data["train"].features
    seed = _best_start(documents, configuration, report)
    fitted = _fitted(documents, configuration, random_state=seed, max_iter=configuration["max_iterations"])
    report.info("Fitted %s topics in %s passes over the documents.", configuration["num_topics"], fitted.n_iter_)
    report.progress(1, 1, len(documents))
    components = fitted.components_
    shares = fitted.transform(documents).mean(axis=0)
    arrays = {
        "alpha": configuration["alpha0"] * shares,
        "beta": components / components.sum(axis=1, keepdims=True),
        "components": components,
    }
    if "test" in data:
        report.score("test", "pwll", LdaModel(arrays, configuration).likelihood(data["test"].features), "score")
    return arrays


class LdaModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._beta, components = arrays["beta"], arrays["components"]
        self.columns = components.shape[1]
        # Attributes that `fit` sets and `transform` reads.
        self._estimator = _estimator(configuration)
        self._estimator.components_ = components
        self._estimator.exp_dirichlet_component_ = np.exp(digamma(components) - digamma(components.sum(axis=1, keepdims=True)))
        self._estimator.doc_topic_prior_ = self._estimator.doc_topic_prior
        self._estimator.n_features_in_ = self.columns

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        return [{"topic_mixture": mixture} for mixture in self._mixtures(features).tolist()]

    def likelihood(self, documents: np.ndarray) -> float:
        """The mean of the logarithm of the probability of a word. 0 if there are no words."""
        mixtures = self._mixtures(documents)
        parts = pieces(len(documents), self.columns)
        logarithm = sum(float((documents[part] * np.log(mixtures[part] @ self._beta)).sum()) for part in parts)
        return logarithm / max(float(documents.sum(dtype=float)), 1.0)

    def _mixtures(self, documents: np.ndarray) -> np.ndarray:
        """Topic mixtures of shape (documents, topics). A negative count counts as 0, a document without words has an even mixture."""
        return self._estimator.transform(np.maximum(documents, 0).astype(float))


def _estimator(configuration: dict, **parameters: int) -> LatentDirichletAllocation:
    topics, columns = configuration["num_topics"], configuration["feature_dim"]
    prior = configuration["alpha0"] / topics
    return LatentDirichletAllocation(topics, doc_topic_prior=prior, evaluate_every=LOOK, perp_tol=CHANGE * columns, **parameters)


def _fitted(documents: np.ndarray, configuration: dict, **parameters: int) -> LatentDirichletAllocation:
    with config_context(skip_parameter_validation=True):  # which allows no prior above 1, though the method does
        return _estimator(configuration, **parameters).fit(documents)


def _best_start(documents: np.ndarray, configuration: dict, report: AlgorithmLog) -> int:
    """The seed whose topics explain a sample of the documents best after a few passes."""
    if configuration["max_restarts"] == 1:
        return 0
    sample = documents[np.random.default_rng(0).permutation(len(documents))[:SAMPLE]]
    bounds = []
    for seed in range(configuration["max_restarts"]):
        bounds.append(_fitted(sample, configuration, random_state=seed, max_iter=PASSES).score(sample))
        report.info("Start #%s: the bound of the log-likelihood is %f", seed, bounds[-1])
    return int(np.argmax(bounds))


MODEL = LdaModel
