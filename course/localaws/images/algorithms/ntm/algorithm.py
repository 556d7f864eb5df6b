"""The Neural Topic Model as in SageMaker: a variational autoencoder of word counts whose latent variables are the topics.

Matches the documented hyperparameters, channels, early stopping and answers, the lines of AWS's log that programs read, and the name and
the shape of the array with the topics, ``projection_weight`` of shape (words, topics). As in MXNet, whose optimizers AWS uses, Adadelta
takes no learning rate, and gradients are rescaled, then clipped, then decayed. Different: AWS does not publish the network or how it
scales its losses; here `network` has them, and logged losses are for each word, as the values in public logs appear to be. ``wetc`` has
other vectors (see `topics`). Training is on one CPU.
"""

from __future__ import annotations

import math

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError, word_counts
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.ntm import topics
from course.localaws.images.algorithms.ntm.network import TopicNetwork, torch
from course.localaws.images.algorithms.ntm.stopping import EarlyStopping
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "predictions"
PART = 1000  # documents that are evaluated at a time


def train(configuration: dict, data: dict[str, Dataset | list[str]], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """The parameters of a `TopicNetwork`, by their names with ``_`` instead of dots."""
    sets = {channel: dataset for channel, dataset in data.items() if isinstance(dataset, Dataset)}
    word_counts.check(sets)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so that the same data always give the same model
    if configuration["optimizer"] == "adadelta":
        report.info("The optimizer adadelta has no learning rate: learning_rate is not used.")
    documents = {channel: torch.from_numpy(dataset.features) for channel, dataset in sets.items()}
    network = _network(configuration)
    _train(network, configuration, documents, report)
    network.eval()
    weights = network.projection.weight.detach().numpy()
    _report_topics(topics.describe(weights, data["train"].features, data.get("auxiliary")), report)
    if "test" in documents:
        report.score("test", "total_loss", sum(_evaluated(network, documents["test"])), "loss")
    return {_key(name): tensor.numpy() for name, tensor in network.state_dict().items()}


class NtmModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._network = _network(configuration)
        self._network.load_state_dict({name: torch.from_numpy(arrays[_key(name)]) for name in self._network.state_dict()})
        self._network.eval()
        self.columns = configuration["feature_dim"]

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        with torch.no_grad():
            weights = self._network.topic_weights(torch.from_numpy(np.maximum(features, 0)))
        return [{"topic_weights": row} for row in weights.tolist()]


def _network(configuration: dict) -> TopicNetwork:
    count, layers = configuration["num_topics"], configuration["encoder_layers"]
    return TopicNetwork(
        configuration["feature_dim"],
        count,
        [3 * count, 2 * count] if layers == "auto" else layers,
        configuration["encoder_layers_activation"],
        configuration["batch_norm"],
    )


def _train(network: TopicNetwork, configuration: dict, documents: dict[str, torch.Tensor], report: AlgorithmLog) -> None:
    """Train until the last epoch or early stopping. Then the network has the parameters of its best epoch."""
    epochs, optimizer = configuration["epochs"], _optimizer(network, configuration)
    stopping, best = EarlyStopping(configuration["num_patience_epochs"], configuration["tolerance"]), None
    random = np.random.default_rng(0)
    for epoch in range(1, epochs + 1):
        batches = _batches(len(documents["train"]), configuration, random)
        report.info("# Starting training for epoch %s", epoch)
        reconstruction, divergence = _epoch(network, optimizer, configuration, documents["train"], batches)
        loss, count = reconstruction + divergence, sum(map(len, batches))
        report.info("# Finished training epoch %s on %s examples from %s batches.", epoch, count, len(batches))
        report.info("Metrics for Training:")
        for name, value in (("total", loss), ("kld", divergence), ("recons", reconstruction)):
            report.info("Loss (name: value) %s: %r", name, value)
        report.quality(f"epoch={epoch}, train", "total_loss", loss, "loss")
        if "validation" in documents:
            loss = sum(_evaluated(network, documents["validation"]))
            report.quality(f"epoch={epoch}, validation", "total_loss", loss, "loss")
        if not math.isfinite(loss):
            raise AlgorithmClientError("Training diverged: the loss is no finite number. A smaller learning_rate may help.")
        report.progress(epoch, epochs, count)
        stop = stopping.after(loss)
        if stopping.best_epoch == epoch:
            best = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        if stop:
            report.info("Early stop condition met. Stopping training.")
            break
    report.info("Best model based on early stopping at epoch %s. Best loss: %s", stopping.best_epoch, stopping.best)
    network.load_state_dict(best)


def _epoch(
    network: TopicNetwork, optimizer: torch.optim.Optimizer, configuration: dict, documents: torch.Tensor, batches: list[np.ndarray]
) -> tuple[float, float]:
    """Train on each batch. Returns the means of the reconstruction loss and the divergence over the documents."""
    network.train()
    sums = np.zeros(2)
    for batch in batches:
        optimizer.zero_grad()
        losses = network.losses(documents[torch.from_numpy(batch)])
        losses.objective().backward()
        for parameter in network.parameters():
            limit = configuration["clip_gradient"]
            parameter.grad.mul_(configuration["rescale_gradient"]).clamp_(-limit, limit)
        optimizer.step()
        sums += losses.per_word()
    return tuple((sums / sum(map(len, batches))).tolist())


def _evaluated(network: TopicNetwork, documents: torch.Tensor) -> tuple[float, float]:
    """The means of the reconstruction loss and the divergence over documents that are not trained on."""
    network.eval()
    sums = np.zeros(2)
    with torch.no_grad():
        for part in documents.split(PART):
            sums += network.losses(part).per_word()
    return tuple((sums / len(documents)).tolist())


def _batches(rows: int, configuration: dict, random: np.random.Generator) -> list[np.ndarray]:
    """The numbers of an epoch's documents, in batches of almost equal size.

    Raises
    ------
    AlgorithmClientError
        A batch has one document and ``batch_norm`` is on, which needs the variance of a batch.
    """
    kept = max(1, round(rows * configuration["sub_sample"]))
    batches = np.array_split(random.permutation(rows)[:kept], math.ceil(kept / configuration["mini_batch_size"]))
    if configuration["batch_norm"] and len(batches[-1]) == 1:
        raise AlgorithmClientError(
            "batch_norm is true, so a mini-batch needs at least two documents. Increase mini_batch_size or the data."
        )
    return batches


def _optimizer(network: TopicNetwork, configuration: dict) -> torch.optim.Optimizer:
    """An optimizer with the constants of MXNet's."""
    rate, decay, optim = configuration["learning_rate"], configuration["weight_decay"], torch.optim
    parameters = network.parameters()
    match configuration["optimizer"]:
        case "sgd":
            return optim.SGD(parameters, rate, weight_decay=decay)
        case "adam":
            return optim.Adam(parameters, rate, weight_decay=decay)
        case "adagrad":
            return optim.Adagrad(parameters, rate, eps=1e-7, weight_decay=decay)
        case "rmsprop":
            return optim.RMSprop(parameters, rate, alpha=0.9, weight_decay=decay)
    return optim.Adadelta(parameters, 1.0, rho=0.9, eps=1e-5, weight_decay=decay)


def _report_topics(found: list[topics.Topic], report: AlgorithmLog) -> None:
    uniqueness = np.mean([topic.uniqueness for topic in found])
    coherence = "" if found[0].coherence is None else f"wetc {np.mean([topic.coherence for topic in found]):.2f}, "
    report.info("Topics from epoch:final (num_topics:%s) [%stu %.2f]:", len(found), coherence, uniqueness)
    for topic in found:
        coherence = "" if topic.coherence is None else f"{topic.coherence:.2f}, "
        report.info("[%s%.2f] %s", coherence, topic.uniqueness, " ".join(topic.words))


def _key(name: str) -> str:
    return name.replace(".", "_")


MODEL = NtmModel
