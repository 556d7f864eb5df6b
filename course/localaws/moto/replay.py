"""The world in which moto's code runs: time stands still during a request, and chance comes from the request's seed.

moto reads clocks and random generators in some three hundred places. Freezing them for the whole process would disturb its other
threads, so moto's modules, and no others, are given modules of our own when they import ``time``, ``datetime``, ``random``, ``os``
and ``uuid``. These look up the world of the request that the current thread serves; without one they are the real thing, on the
clock of the local AWS. The same world at replay gives the same answer.
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
    """What one request sees, and what it did.

    Attributes
    ----------
    time : float
        Unix seconds.
    random_source : random.Random
    service, request_id : str
    operation : str
        Set when moto has found out.
    replaying : bool
        Whether this has happened before: then nothing goes out of the process.
    recording : list of bytes
        See `journal.Entry`; recorded at the first time, used up at replay.
    used_random : bool
        Whether ``random_source`` were thrown.
    wait : float
        Seconds for which the caller would wait for a better answer than this empty one.
    idle : bool
        Whether the operation, which could have changed something, did not.
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


_local = threading.local()
_real_dice = random.SystemRandom()
_clock = Clock()


def current() -> ReplayContext | None:
    """The world of the request that this thread serves."""
    return getattr(_local, "world", None)


@contextmanager
def use_context(world: ReplayContext | None) -> Iterator[ReplayContext | None]:
    """Let moto's code, in this thread, see ``world``, or none; worlds nest."""
    outer = current()
    _local.world = world
    try:
        yield world
    finally:
        _local.world = outer


def recorded(ask: Callable[[], bytes]) -> bytes:
    """What ``ask`` answers, kept on the tape of the request; at replay what it answered then."""
    world = current()
    if world is not None and world.replaying and world.recording:
        return world.recording.pop(0)
    answer = ask()
    if world is not None:
        world.recording.append(answer)
    return answer


def now() -> float:
    """Unix seconds: the time of the request, else of the local AWS."""
    world = current()
    return world.time if world else _clock.now()


class _ContextRandom(random.Random):
    """All of `random.Random`, thrown with the dice of the current world."""

    def random(self) -> float:
        return self._dice().random()

    def getrandbits(self, bits: int) -> int:
        return self._dice().getrandbits(bits)

    @staticmethod
    def _dice() -> random.Random:
        world = current()
        if world is None:
            return _real_dice
        world.used_random = True
        return world.random_source


random_source = _ContextRandom()


class _Kind(type):
    """What is an instance of the real class is one of ours."""

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
    """Runs a module of moto with our ``__import__``, then the patch it needs."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
        # A module is run in whichever request comes first, and may throw dice: not those of that request.
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
    """A world at ``moment`` (Unix seconds) whose chance comes from ``seed``."""
    return ReplayContext(moment, random.Random(seed), **members)


def patch_on_import(module: str) -> Callable[[Patch], Patch]:
    """Decorates a function that changes something in a module of moto; it is called right after that module was run."""

    def register(patch: Patch) -> Patch:
        _patches.setdefault(module, []).append(patch)
        return patch

    return register


def default_resource_context(*names: str) -> ReplayContext:
    """The world in which a default resource of moto is made, e.g. a region's default VPC: the same at every start, whoever asks first."""
    born, seed = _born
    return seeded_context(born, seed + "/".join(names).encode())


def configure(clock: Clock, born: tuple[float, bytes]) -> None:
    """Say whose world it is, from now on.

    Parameters
    ----------
    clock : Clock
        What time it is where no request is served: in moto's own threads.
    born : (float, bytes)
        Time and seed of moto's default resources.
    """
    global _clock, _born
    _clock, _born = clock, born


def install() -> bool:
    """Have every module of moto that is imported from now on live in this world.

    Returns
    -------
    bool
        Whether this was the first time in this process.

    Raises
    ------
    RuntimeError
        moto was imported already, with the process's own clock and chance.
    """
    if _finder in sys.meta_path:
        return False
    if loaded := [name for name in sys.modules if name.partition(".")[0] == "moto"]:
        raise RuntimeError(f"moto was imported before the local AWS could prepare it ({loaded[0]}); its state could not be made again")
    sys.meta_path.insert(0, _finder)
    return True
