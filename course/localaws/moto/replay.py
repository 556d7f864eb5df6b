"""The replay context in which moto's code runs: time is frozen during a request, and all randomness comes from the request's seed.

moto reads clocks and random generators in about three hundred places. Freezing them for the whole process would disturb its other
threads. So only moto's modules get replacements when they import ``time``, ``datetime``, ``random``, ``os`` and ``uuid``. A replacement
uses the context of the request that the current thread serves. Without a context it behaves like the original, with the clock of the
local AWS. The same context at replay gives the same response.
"""

from __future__ import annotations

import builtins
import datetime as real_datetime
import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

from course.localaws.core.clock import Clock

Patch = Callable[[ModuleType], None]


@dataclass(slots=True)
class ReplayContext:
    """The inputs of one request (time, randomness, recorded values) and its observed effects.

    Attributes
    ----------
    time : float
        Unix seconds.
    random_source : random.Random
    service, request_id : str
    operation : str
        Empty until moto has found the operation.
    replaying : bool
        Whether this is a replay. Then nothing is sent outside the process.
    recording : list of bytes
        See `journal.JournalEntry`. Filled at the first run, consumed at replay.
    used_random : bool
        Whether the request used ``random_source``.
    wait : float
        Seconds for which the caller would wait for a response that is not empty.
    idle : bool
        Whether the operation changed nothing, although it could have.
    admit : callable
        Gets the operation's name before it is performed. May raise AwsError.
    """

    time: float
    random_source: random.Random
    service: str = ""
    request_id: str = ""
    operation: str = ""
    replaying: bool = False
    recording: list[bytes] = field(default_factory=list)
    used_random: bool = False
    wait: float = 0.0
    idle: bool = False
    admit: Callable[[str], None] = lambda operation: None


_local = threading.local()
_system_random = random.SystemRandom()
_clock = Clock()


def current() -> ReplayContext | None:
    """The context of the request that this thread serves, or None."""
    return getattr(_local, "context", None)


@contextmanager
def use_context(context: ReplayContext | None) -> Iterator[ReplayContext | None]:
    """Sets the context for moto's code in this thread (None for no context). Contexts nest."""
    outer = current()
    _local.context = context
    try:
        yield context
    finally:
        _local.context = outer


def recorded(ask: Callable[[], bytes]) -> bytes:
    """The result of ``ask``, recorded with the request. At replay, the recorded result."""
    context = current()
    if context is not None and context.replaying and context.recording:
        return context.recording.pop(0)
    answer = ask()
    if context is not None:
        context.recording.append(answer)
    return answer


def now() -> float:
    """Unix seconds: the time of the request or, without a request, of the local AWS's clock."""
    context = current()
    return context.time if context else _clock.now()


class _ContextRandom(random.Random):
    """A `random.Random` that draws from the random source of the current context."""

    def random(self) -> float:
        return self._source().random()

    def getrandbits(self, bits: int) -> int:
        return self._source().getrandbits(bits)

    @staticmethod
    def _source() -> random.Random:
        context = current()
        if context is None:
            return _system_random
        context.used_random = True
        return context.random_source


random_source = _ContextRandom()


class _Kind(type):
    """A metaclass: instances of the real class count as instances of our subclass."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


class _Date(real_datetime.date, metaclass=_Kind):
    def __new__(cls, *args: object, **kwargs: object) -> real_datetime.date:
        return real_datetime.date(*args, **kwargs)

    @classmethod
    def today(cls) -> real_datetime.date:
        return real_datetime.date.fromtimestamp(now())


class _Datetime(real_datetime.datetime, metaclass=_Kind):
    def __new__(cls, *args: object, **kwargs: object) -> real_datetime.datetime:
        return real_datetime.datetime(*args, **kwargs)

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> real_datetime.datetime:
        return real_datetime.datetime.fromtimestamp(now(), tz)

    @classmethod
    def today(cls) -> real_datetime.datetime:
        return cls.now()

    @classmethod
    def utcnow(cls) -> real_datetime.datetime:
        return cls.now(real_datetime.UTC).replace(tzinfo=None)


def _uuid4() -> uuid.UUID:
    return uuid.UUID(int=random_source.getrandbits(128), version=4)


def _uuid1(node: int | None = None, clock_seq: int | None = None) -> uuid.UUID:
    return uuid.UUID(int=random_source.getrandbits(128), version=1)


def _like(module: ModuleType, **changes: object) -> ModuleType:
    shim = ModuleType(module.__name__, module.__doc__)
    shim.__dict__.update(vars(module))
    shim.__dict__.update(changes)
    return shim


_DRAWS = [name for name, value in vars(random).items() if getattr(value, "__self__", None) is random._inst]
SHIMS: dict[str, ModuleType] = {
    "time": _like(time, time=now, time_ns=lambda: int(now() * 1e9)),
    "datetime": _like(real_datetime, datetime=_Datetime, date=_Date),
    "random": _like(random, **{name: getattr(random_source, name) for name in _DRAWS}),
    "os": _like(os, urandom=random_source.randbytes),
    "uuid": _like(uuid, uuid4=_uuid4, uuid1=_uuid1),
}


def _import(name: str, globals: dict | None = None, locals: dict | None = None, fromlist: tuple | None = (), level: int = 0) -> ModuleType:
    shim = SHIMS.get(name.partition(".")[0]) if level == 0 else None
    if shim is not None and ("." not in name or not fromlist):
        return shim
    return builtins.__import__(name, globals, locals, fromlist, level)


class _Loader(SourceFileLoader):
    """Runs a module of moto with our ``__import__``, then the module's patches."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
        # The first request that needs a module runs it. The module may use randomness, but not that request's.
        with use_context(None):
            super().exec_module(module)
            for patch in _patches.get(module.__name__, ()):
                patch(module)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: list[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] != "moto":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        return spec_from_file_location(
            name, spec.origin, loader=_Loader(name, spec.origin), submodule_search_locations=spec.submodule_search_locations
        )


_finder = _Finder()
_patches: dict[str, list[Patch]] = {}
_born: tuple[float, bytes] = (0.0, b"")


def seeded_context(moment: float, seed: bytes, **members: object) -> ReplayContext:
    """A context at ``moment`` (Unix seconds) with a random source made from ``seed``."""
    return ReplayContext(moment, random.Random(seed), **members)


def patch_on_import(module: str) -> Callable[[Patch], Patch]:
    """Decorates a function that patches a module of moto. It is called right after that module's code has run."""

    def register(patch: Patch) -> Patch:
        _patches.setdefault(module, []).append(patch)
        return patch

    return register


def default_resource_context(*names: str) -> ReplayContext:
    """The context for a default resource of moto, e.g. a region's default VPC. It is the same at every start and for every request."""
    born, seed = _born
    return seeded_context(born, seed + "/".join(names).encode())


def configure(clock: Clock, born: tuple[float, bytes]) -> None:
    """Sets the local AWS whose clock and seed moto uses from now on.

    Parameters
    ----------
    clock : Clock
        The clock for code that serves no request, e.g. moto's own threads.
    born : (float, bytes)
        Time (Unix seconds) and seed of moto's default resources.
    """
    global _clock, _born
    _clock, _born = clock, born


def install() -> bool:
    """Installs the import hook: every module of moto that is imported from now on uses the replacements.

    Returns
    -------
    bool
        Whether this was the first call in this process.

    Raises
    ------
    RuntimeError
        moto was imported already, with the process's real clock and randomness.
    """
    if _finder in sys.meta_path:
        return False
    if loaded := [name for name in sys.modules if name.partition(".")[0] == "moto"]:
        raise RuntimeError(f"moto was imported before the local AWS could prepare it ({loaded[0]}); its state could not be made again")
    sys.meta_path.insert(0, _finder)
    return True
