"""Tests what a check sees of an answer."""

from __future__ import annotations

import random

from course.grading import Answer
from tests.grading.exercise_fixtures import exercise


def test_a_client_is_made_once_for_each_service() -> None:
    made: list[str] = []

    def client(service: str) -> object:
        made.append(service)
        return object()

    answer = Answer(exercise(), {"limit": 1.0}, lambda name, arguments, seconds: (0, ""), random.Random(0), "alice", client)
    assert answer.client("s3") is answer.client("s3") is not answer.client("sagemaker")
    assert made == ["s3", "sagemaker"]
