"""moto's own clock and random numbers: reproducible from a seed, and separate from the process's."""

from __future__ import annotations

import datetime
import importlib.util
import random
import re
import threading
import time
from pathlib import Path

import pytest

from course.localaws.moto import replay
from course.localaws.moto.replay import SHIMS, seeded_context, use_context

MOTO = Path(importlib.util.find_spec("moto").origin).parent


def draws() -> list[object]:
    return [
        SHIMS["random"].random(),
        SHIMS["random"].choice("abcdef"),
        SHIMS["random"].sample(range(100), 5),
        SHIMS["uuid"].uuid4(),
        SHIMS["uuid"].uuid1(),
        SHIMS["os"].urandom(8),
        SHIMS["time"].time(),
        SHIMS["time"].time_ns(),
        SHIMS["datetime"].datetime.now(),
        SHIMS["datetime"].datetime.utcnow(),
        SHIMS["datetime"].datetime.now(datetime.UTC),
        SHIMS["datetime"].date.today(),
    ]


def test_the_same_seed_and_time_give_the_same_values_and_another_seed_others():
    with use_context(seeded_context(1e9, b"seed")):
        first = draws()
    with use_context(seeded_context(1e9, b"seed")):
        assert draws() == first
    with use_context(seeded_context(1e9, b"other")):
        assert draws()[:6] != first[:6]
    assert first[6] == 1e9
    assert first[10] == datetime.datetime(2001, 9, 9, 1, 46, 40, tzinfo=datetime.UTC)


def test_other_threads_keep_their_time_and_randomness():
    inside, outside = [], []
    with use_context(seeded_context(1e9, b"seed")):
        state = random.getstate()
        thread = threading.Thread(target=lambda: outside.extend(draws()))
        thread.start()
        thread.join()
        inside.extend(draws())
        assert random.getstate() == state  # the process's generator is unchanged
        assert time.time() > 1.6e9  # so is its clock, even in this thread
    assert outside[6] > 1.6e9
    assert outside[:6] != inside[:6]


def test_the_use_of_randomness_is_recorded():
    with use_context(seeded_context(1e9, b"seed")) as context:
        SHIMS["time"].time()
        assert not context.used_random
        SHIMS["uuid"].uuid4()
        assert context.used_random


def test_dates_are_real_dates():
    shim = SHIMS["datetime"].datetime
    for made in (shim(2026, 1, 2), shim.now(), shim.strptime("2026", "%Y"), shim.fromtimestamp(0), shim.fromisoformat("2026-01-02")):
        assert type(made) is datetime.datetime
        assert isinstance(made, shim)
    assert isinstance(datetime.datetime.now(), shim)
    assert issubclass(datetime.datetime, shim)


def test_recorded_values_are_reused_at_replay():
    with use_context(seeded_context(1e9, b"")) as context:
        assert replay.recorded(lambda: b"first") == b"first"
    with use_context(seeded_context(1e9, b"", replaying=True, recording=list(context.recording))):
        assert replay.recorded(lambda: b"second") == b"first"


@pytest.mark.parametrize("source", [r"\bsecrets\.(token|choice|rand)", "SystemRandom", "getrandom", "numpy", "perf_counter", "monotonic"])
def test_moto_has_no_source_of_randomness_or_time_that_is_not_replaced(source):
    """A new source in a release of moto would make replays differ. This test names the file that has it."""
    data = "aws_managed_policies.py"  # contains every such word
    assert [path for path in MOTO.rglob("*.py") if path.name != data and re.search(source, path.read_text())] == []
