"""The log of a first-party algorithm, in the format of AWS's toolkit. SageMaker reads metrics from it."""

from __future__ import annotations

import json
import logging
import sys
import time

HOST = "algo-1"
logger = logging.getLogger("algorithm")


def set_up() -> None:
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="[%(asctime)s %(levelname)s %(thread)d] %(message)s", datefmt="%m/%d/%Y %H:%M:%S"
    )


class AlgorithmLog:
    """The log of one training job.

    Parameters
    ----------
    algorithm : str
        AWS's name for it in ``#metrics`` lines, e.g. ``"KMeansWebscale"``.
    """

    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
        self._since = time.time()

    def info(self, text: str, *arguments: object) -> None:
        logger.info(text, *arguments)

    def warning(self, text: str, *arguments: object) -> None:
        logger.warning(text, *arguments)

    def quality(self, where: str, name: str, value: float, kind: str) -> None:
        """Log a quality metric. ``where`` is e.g. ``"train"`` or ``"epoch=3, validation"``, ``kind`` is ``"loss"`` or ``"score"``."""
        logger.info("#quality_metric: host=%s, %s %s <%s>=%r", HOST, where, name, kind, float(value))

    def score(self, channel: str, name: str, value: float, kind: str) -> None:
        """Log a metric of the final model."""
        logger.info("#%s_score (%s) : %r", channel, HOST, (name, float(value)))
        self.quality(channel, name, value, kind)

    def progress(self, done: int, epochs: int, records: int) -> None:
        """Log the progress and the throughput after an epoch over ``records``."""
        now = time.time()
        logger.info("#progress_metric: host=%s, completed %s %% of epochs", HOST, 100.0 * done / epochs)
        self.metrics({"Number of Records Since Last Reset": records, "Reset Count": done}, epoch=done - 1, Meta="training_data_iter")
        seconds = max(now - self._since, 1e-6)
        logger.info("#throughput_metric: host=%s, train throughput=%s records/second", HOST, records / seconds)
        self._since = now

    def metrics(self, values: dict[str, float], **dimensions: object) -> None:
        """Log a ``#metrics`` line: JSON of values with their sum, count, minimum and maximum."""
        now = time.time()
        line = {
            "StartTime": self._since,
            "EndTime": now,
            "Dimensions": {"Algorithm": self._algorithm, "Host": HOST, "Operation": "training", **dimensions},
            "Metrics": {name: {"sum": float(value), "count": 1, "min": value, "max": value} for name, value in values.items()},
        }
        print(f"#metrics {json.dumps(line)}\n", flush=True)
