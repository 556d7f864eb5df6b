"""Makes the SageMaker SDK's logs and waits readable; for the local AWS, it also makes waits and checks short, and reads boto3's models
once."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import logging
import math
import re
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

# The SDK polls every 5 to 30 s, which is right for AWS. A local job takes seconds, so short intervals are right here.
LONGEST_SLEEP_SECONDS = 0.1

# While these tail a job's log, they ask for its status every 30 s of `time.time()`. They use the clock for nothing else.
LOG_TAILERS = frozenset(
    {
        "sagemaker.core.processing",
        "sagemaker.core.transformer",
        "sagemaker.core.helper.session_helper",
        "sagemaker.core.remote_function.job",
    }
)

# These validate the SDK's configuration against its schema, which is a constant of the SDK.
CONFIGURATION_READERS = frozenset(
    {"sagemaker.core.config.config", "sagemaker.core.config.config_manager", "sagemaker.core.utils.intelligent_defaults_helper"}
)

_MARKUP = re.compile(r"\[/?(?:bold|dim|italic|green|red|yellow|blue)[^\]]*\]")


class _PlainLine(logging.Formatter):
    """Formats a message without rich's markup, and a log line without the stream's name."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if getattr(record, "markup", True) is False:  # the SDK's form of a container's log line: "<stream>:\n<line>"
            return text.partition("\n")[2] or text
        return _MARKUP.sub("", text)


class _CurrentStdout(logging.StreamHandler):
    """Writes to the current `sys.stdout`: a notebook's output, pytest's capture. Output on standard error would cost points in nbgrader."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    @property
    def stream(self):  # type: ignore[override]
        return sys.stdout

    @stream.setter
    def stream(self, value: object) -> None:
        pass


class _StatusLines:
    """Replaces rich's `Status` in an SDK module: prints each new status on a line of its own."""

    def __init__(self, status: str) -> None:
        self._shown = ""

    def update(self, status: str) -> None:
        if status != self._shown:
            self._shown = status
            print(_MARKUP.sub("", status))


class _NoPanel:
    """Replaces rich's `Live` in an SDK module: draws nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def start(self) -> None:
        pass

    stop = start

    def __enter__(self) -> _NoPanel:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _PlainConsole:
    """Replaces rich's `Console` in an SDK module: prints text as it is."""

    def print(self, message: str) -> None:
        print(message)


def _print_statuses(module: types.ModuleType) -> None:
    """Make an SDK module print its waits as lines. In a notebook rich draws them as a widget: no check can capture it, and when it is
    gone, an empty output stays in the file."""
    replacements = {"rich.live": ("Live", _NoPanel), "rich.status": ("Status", _StatusLines), "rich.console": ("Console", _PlainConsole)}
    if not hasattr(module, "Live"):
        return
    for home, (name, replacement) in replacements.items():
        if getattr(getattr(module, name, None), "__module__", None) == home:
            setattr(module, name, replacement)


def quiet() -> None:
    """Show the SDK's own messages and waits once, as lines on standard output, and no message of botocore's. A second call changes
    nothing."""
    _adapt(_print_statuses)
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
    """Replaces the `time` module in an SDK module: the same clock with short sleeps."""

    def __init__(self, *, count_sleep_in_full: bool) -> None:
        super().__init__("time", "time, with sleeps of at most a quarter of a second")
        self._count_sleep_in_full = count_sleep_in_full
        self._skipped = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        short = min(seconds, LONGEST_SLEEP_SECONDS)
        if self._count_sleep_in_full:
            # Six short sleeps count as the 30 s between two requests for the status.
            self._skipped += max(0.0, 6 * seconds - short)
        time.sleep(short)

    def time(self) -> float:
        return time.time() + self._skipped


def _shorten(module: types.ModuleType) -> None:
    if getattr(module, "time", None) is time:
        module.time = _ShortTime(count_sleep_in_full=module.__name__ in LOG_TAILERS)  # type: ignore[attr-defined]


def _check_schemas_once(module: types.ModuleType) -> None:
    """Make a module of `CONFIGURATION_READERS` check its schema once. For every value that it looks up in its configuration, the SDK
    validates the whole configuration, and `jsonschema.validate` checks the schema itself each time: 0.1 s, seventy times for a pipeline
    of three steps."""
    if module.__name__ not in CONFIGURATION_READERS:
        return
    jsonschema = getattr(module, "jsonschema", None)
    if isinstance(jsonschema, types.ModuleType) and jsonschema.__name__ == "jsonschema":
        replacement = types.ModuleType(jsonschema.__name__, jsonschema.__doc__)
        replacement.__dict__.update(vars(jsonschema) | {"validate": _validate})
        module.jsonschema = replacement  # type: ignore[attr-defined]


class _Validation:
    """`jsonschema.validate` for schemas that do not change. It raises the same errors."""

    def __init__(self) -> None:
        self._validators: dict[int, Any] = {}  # by the id of the schema, which its validator keeps alive

    def __call__(self, instance: object, schema: dict) -> None:
        from jsonschema import exceptions, validators

        if id(schema) not in self._validators:
            kind = validators.validator_for(schema)
            kind.check_schema(schema)
            self._validators[id(schema)] = kind(schema)
        if error := exceptions.best_match(self._validators[id(schema)].iter_errors(instance)):
            raise error


_validate = _Validation()


class _AdaptOnImport(importlib.abc.MetaPathFinder):
    """Finds SDK modules as usual, and changes each after its import."""

    def __init__(self) -> None:
        self.changes: list[Callable[[types.ModuleType], None]] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not name.startswith("sagemaker."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return spec
        execute = spec.loader.exec_module

        def execute_and_change(module: types.ModuleType) -> None:
            execute(module)
            for change in self.changes:
                change(module)

        spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


_finder = _AdaptOnImport()


def _adapt(*changes: Callable[[types.ModuleType], None]) -> None:
    """Make changes to all SDK modules of this process, before or after their import. A change that is made already is not made again."""
    new = [change for change in changes if change not in _finder.changes]
    for name, module in list(sys.modules.items()):
        if name.startswith("sagemaker.") and module is not None:
            for change in new:
                change(module)
    _finder.changes += new
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def _shorten_waiters() -> None:
    """Make botocore's waiters poll more often. They poll more times too, so their time limit stays the same."""
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


def _read_models_once() -> None:
    """Make all later sessions of boto3 in this process share the models that they read. Otherwise each parses them again, which takes a
    quarter of a second for a `connect()`; the SDK and the checks make twenty sessions in a lesson."""
    from botocore import session

    if not hasattr(session.create_loader, "cache_info"):
        session.create_loader = functools.cache(session.create_loader)


def shorten_waits() -> None:
    """Shorten the sleeps and schema checks of the SageMaker SDK, and botocore's waiters, in this process, before or after their import.
    Sessions of boto3 that are made later share botocore's models."""
    _shorten_waiters()
    _read_models_once()
    _adapt(_shorten, _check_schemas_once)
