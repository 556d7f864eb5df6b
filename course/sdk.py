"""The SageMaker SDK made readable and quick: its logs shown once, in plain words, and its waits short against the local AWS."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import logging
import math
import re
import sys
import time
import types
from collections.abc import Sequence
from typing import Any

# The SDK polls every 5 to 30 s, as is right against AWS. A local job takes seconds, so looking ten times a second is right here.
LONGEST_SLEEP_SECONDS = 0.1

# While these tail a job's log they ask for its status only when 30 s of `time.time()` have passed; nothing else in them reads the clock.
LOG_TAILERS = frozenset(
    {
        "sagemaker.core.processing",
        "sagemaker.core.transformer",
        "sagemaker.core.helper.session_helper",
        "sagemaker.core.remote_function.job",
    }
)

_MARKUP = re.compile(r"\[/?(?:bold|dim|italic|green|red|yellow|blue)[^\]]*\]")


class _PlainLine(logging.Formatter):
    """The message without rich's markup, and a log line without the stream name in front of it."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if getattr(record, "markup", True) is False:  # how the SDK marks a line that came from a container: "<stream>:\n<line>"
            return text.partition("\n")[2] or text
        return _MARKUP.sub("", text)


class _CurrentStdout(logging.StreamHandler):
    """Writes to whatever `sys.stdout` is now: a notebook's output, pytest's capture. Standard error would cost marks in nbgrader."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    @property
    def stream(self):  # type: ignore[override]
        return sys.stdout

    @stream.setter
    def stream(self, value: object) -> None:
        pass


def quiet() -> None:
    """Show the SDK's own messages once, on standard output, and none of botocore's. Calling it again changes nothing."""
    logger = logging.getLogger("sagemaker")
    if not any(isinstance(handler, _CurrentStdout) for handler in logger.handlers):
        handler = _CurrentStdout()
        handler.setLevel(logging.INFO)
        handler.setFormatter(_PlainLine())
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # sagemaker.core.experiments calls logging.basicConfig on import: every line would come twice
    for chatty in ("botocore", "boto3", "urllib3", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _ShortTime(types.ModuleType):
    """Stands in for the `time` module inside an SDK module: same clock, short sleeps."""

    def __init__(self, *, count_sleep_in_full: bool) -> None:
        super().__init__("time", "time, with sleeps of at most a quarter of a second")
        self._count_sleep_in_full = count_sleep_in_full
        self._skipped = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        short = min(seconds, LONGEST_SLEEP_SECONDS)
        if self._count_sleep_in_full:
            # Six short sleeps count as the 30 s after which the SDK asks for the status again.
            self._skipped += max(0.0, 6 * seconds - short)
        time.sleep(short)

    def time(self) -> float:
        return time.time() + self._skipped


def _shorten(module: types.ModuleType) -> None:
    if getattr(module, "time", None) is time:
        module.time = _ShortTime(count_sleep_in_full=module.__name__ in LOG_TAILERS)  # type: ignore[attr-defined]


class _ShortenOnImport(importlib.abc.MetaPathFinder):
    """Lets the usual machinery find SDK modules, and shortens each one's waits when it has been executed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith("sagemaker."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return spec
        execute = spec.loader.exec_module

        def execute_and_shorten(module: types.ModuleType) -> None:
            execute(module)
            _shorten(module)

        spec.loader.exec_module = execute_and_shorten  # type: ignore[method-assign]
        return spec


def _shorten_waiters() -> None:
    """Let botocore's waiters ask more often, and as many times more, so that they give up no sooner than against AWS."""
    from botocore.waiter import Waiter

    wait = Waiter.wait
    if getattr(wait, "is_short", False):
        return

    def wait_in_short_steps(self: Waiter, **parameters: Any) -> None:
        config = {"Delay": self.config.delay, "MaxAttempts": self.config.max_attempts} | parameters.get("WaiterConfig", {})
        delay = min(config["Delay"], LONGEST_SLEEP_SECONDS)
        if delay:
            config = {"Delay": delay, "MaxAttempts": math.ceil(config["MaxAttempts"] * config["Delay"] / delay)}
        wait(self, **parameters | {"WaiterConfig": config})

    wait_in_short_steps.is_short = True  # type: ignore[attr-defined]
    Waiter.wait = wait_in_short_steps


def shorten_waits() -> None:
    """Shrink the sleeps of the SageMaker SDK and of botocore's waiters, in this process, whether imported already or later."""
    _shorten_waiters()
    for name, module in list(sys.modules.items()):
        if name.startswith("sagemaker.") and module is not None:
            _shorten(module)
    if not any(isinstance(finder, _ShortenOnImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ShortenOnImport())
