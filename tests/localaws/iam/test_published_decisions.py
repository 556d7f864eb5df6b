"""Every example decision of AWS's documentation: 100 % are decided here as published. `published` reads and decides them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from course.localaws.core.clock import Clock
from course.localaws.iam.identity import Identity
from course.localaws.iam.policy_conditions import PolicyError
from tests.localaws.iam import published
from tests.localaws.iam.published import ACCOUNT, Example
from tests.localaws.iam.published_calls import Stage
from tests.localaws.moto.restartable_aws import RestartableAws

EXAMPLES = published.examples()
# Each is decided above, too, so two of three wait for the night.
REAL = [
    pytest.param(each, id=f"{each.page}: {each.about}", marks=[pytest.mark.nightly] if index % 3 else [])
    for index, each in enumerate(example for example in EXAMPLES if example.real)
]
PAGES = list(dict.fromkeys(example.url for example in EXAMPLES))


def differences(example: Example, found: list[str]) -> list[str]:
    """What was not decided as published, with its page."""
    return [
        f"{example.where}: {asked.action} on {asked.resource} with {dict(asked.keys)}: {asked.expected} as published, {effect} here"
        for asked, effect in zip(example.decisions, found, strict=True)
        if effect != asked.expected
    ]


def decided(example: Example) -> list[str]:
    found = []
    for asked in example.decisions:
        try:
            found.append(published.decided(example, asked))
        except PolicyError as error:
            found.append(str(error))
    return found


@pytest.mark.parametrize("url", PAGES)
def test_the_engine_decides_as_published(url: str) -> None:
    wrong = [each for example in EXAMPLES if example.url == url for each in differences(example, decided(example))]
    assert not wrong, "\n".join(wrong)


def test_the_published_decisions_are_counted() -> None:
    counts: dict[str, list[int]] = {}
    for guide in dict.fromkeys(example.guide for example in EXAMPLES):
        of_guide = [example for example in EXAMPLES if example.guide == guide]
        counts[guide] = [len({example.url for example in of_guide}), sum(len(example.decisions) for example in of_guide)]
    pages, decisions = (sum(each[index] for each in counts.values()) for index in (0, 1))
    print(f"{decisions} published decisions of {pages} pages of {len(counts)} guides: {counts}")
    assert counts == yaml.safe_load(Path(published.__file__).with_name("published_counts.yaml").read_text())["counts"]
    expected = [asked.expected for example in EXAMPLES for asked in example.decisions]
    assert min(expected.count(effect) for effect in ("allowed", "explicitDeny", "implicitDeny")) > 100  # both sides


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    state = tmp_path_factory.mktemp("published") / "state"
    state.mkdir(mode=0o700)
    identity = Identity(state, ACCOUNT, Clock())
    root = identity.issue_as(f"arn:aws:iam::{ACCOUNT}:root")
    identity.close()
    aws = RestartableAws(state)
    try:
        yield Stage(aws, {"access_key": root.principal.access_key, "secret": root.secret, "token": root.token})
    finally:
        aws.stop()


@pytest.mark.parametrize("example", REAL)
def test_a_local_aws_decides_as_published(stage: Stage, example: Example) -> None:
    wrong = differences(example, stage.outcomes(example))
    assert not wrong, "\n".join(wrong)
