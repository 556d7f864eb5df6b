"""The network of the Neural Topic Model: an encoder from a document to its topics, and a projection from the topics back to the words.

It is the model of Miao, Yu, Blunsom, "Neural Variational Inference for Text Processing" (2016), which the developer guide names, with a
softmax between the latent variables and the topic weights, so that the weights of a document sum to 1 (Miao, Grefenstette, Blunsom,
"Discovering Discrete Latent Topics with Neural Variational Inference", 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course.localaws import images

try:
    import torch
except ImportError as error:
    raise RuntimeError(images.not_installed("torch")) from error

ACTIVATIONS = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


@dataclass(frozen=True, slots=True)
class Losses:
    """The losses of documents.

    Attributes
    ----------
    reconstruction : tensor of shape (documents,)
        The negative logarithm of the probability of a document's words.
    divergence : tensor of shape (documents,)
        The Kullback-Leibler divergence of its latent variables from their prior.
    lengths : tensor of shape (documents,)
        The number of its words, at least 1.
    """

    reconstruction: torch.Tensor
    divergence: torch.Tensor
    lengths: torch.Tensor

    def objective(self) -> torch.Tensor:
        """What training minimises: the mean of the negative evidence lower bound of a document."""
        return (self.reconstruction + self.divergence).mean()

    def per_word(self) -> np.ndarray:
        """Sums over the documents of their reconstruction loss and divergence, each divided by the document's length; of shape (2,)."""
        return np.array([(part / self.lengths).sum().item() for part in (self.reconstruction, self.divergence)])


class TopicNetwork(torch.nn.Module):
    """Latent variables of a document, and the words that its topics make likely.

    Parameters
    ----------
    words, topics : int
    layers : list of int
        The sizes of the encoder's layers.
    activation : str
        One of `ACTIVATIONS`.
    batch_norm : bool
    """

    def __init__(self, words: int, topics: int, layers: list[int], activation: str, batch_norm: bool) -> None:
        super().__init__()
        self.encoder = torch.nn.Sequential()
        for before, after in zip([words, *layers], layers, strict=False):
            self.encoder.append(torch.nn.Linear(before, after))
            if batch_norm:
                self.encoder.append(torch.nn.BatchNorm1d(after))
            self.encoder.append(ACTIVATIONS[activation]())
        self.mean = torch.nn.Linear(layers[-1], topics)
        self.log_variance = torch.nn.Linear(layers[-1], topics)
        self.projection = torch.nn.Linear(topics, words)
        for module in self.modules():
            if isinstance(module, torch.nn.Linear):
                torch.nn.init.xavier_uniform_(module.weight)
                torch.nn.init.zeros_(module.bias)

    def topic_weights(self, documents: torch.Tensor) -> torch.Tensor:
        """Of shape (documents, topics). The weights of a document sum to 1."""
        return torch.softmax(self.mean(self._encoded(documents)), dim=1)

    def losses(self, documents: torch.Tensor) -> Losses:
        """The losses of documents, counts of shape (documents, words). In training mode the latent variables are drawn."""
        encoded = self._encoded(documents)
        mean, log_variance = self.mean(encoded), self.log_variance(encoded)
        latent = mean + torch.randn_like(mean) * torch.exp(log_variance / 2) if self.training else mean
        logarithms = torch.log_softmax(self.projection(torch.softmax(latent, dim=1)), dim=1)
        divergence = (mean**2 + log_variance.exp() - log_variance - 1).sum(dim=1) / 2
        return Losses(-(documents * logarithms).sum(dim=1), divergence, documents.sum(dim=1).clamp(min=1))

    def _encoded(self, documents: torch.Tensor) -> torch.Tensor:
        return self.encoder(torch.log1p(documents))
