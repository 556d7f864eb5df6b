"""Calls a learner's function on fresh plain data with a time limit, captures its output, and words its failure with its own line."""

from __future__ import annotations

import contextlib
import functools
import inspect
import linecache
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from course.grading import values
from course.grading.capture import captured
from course.grading.errors import AnswerError
from course.grading.exercise import kinds
from course.grading.short_repr import cut

LONGEST = 300  # characters of an error's text


class TimeLimit(BaseException):
    """Raised in the learner's function when its time is up. It is no `Exception`, so that ``except Exception`` does not catch it."""


def call(name: str, function: Callable, arguments: Sequence[Any], seconds: float) -> tuple[Any, str]:
    """Call ``function`` with copies of ``arguments``; return its result as plain data, and the text that it printed.

    Raises
    ------
    AnswerError
        When it raised, took longer than ``seconds``, or returned anything but plain data. ``error.output`` is the text that it printed.
    """
    shown = f"{name}({', '.join(kinds.show(argument) for argument in arguments)})"
    fresh = [values.plain(argument) for argument in arguments]
    problem: AnswerError | None = None
    result = None
    with captured() as output:
        try:
            with limited(seconds):
                result = function(*fresh)
            result = values.plain(result, f"the result of {name}")
        except KeyboardInterrupt:
            raise
        except AnswerError as error:
            problem = error
        except NotImplementedError:
            problem = AnswerError(f"`{name}` has no answer yet.", unanswered=True)
        except TimeLimit as error:
            said = f"`{shown}` had not returned after {seconds:.3g} seconds{_where(error.__traceback__, function)}."
            problem = AnswerError(f"{said} It was stopped and is not called again.", timed_out=True)
        except BaseException as error:  # SystemExit too: the answer cannot be used
            said = f": {_text(error)}" if _text(error) else ""
            problem = AnswerError(f"`{shown}` raised {type(error).__name__}{said}{_where(error.__traceback__, function)}.")
    if problem is not None:
        problem.output = output.getvalue()
        raise problem
    return result, output.getvalue()


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TimeLimit` in the body after ``seconds``, and again every second while the body swallows it.

    A body that swallowed it and then raised something else, or ended, has taken too long all the same: e.g. the ``return`` in a
    ``finally`` of the SDK's telemetry. Works only in the main thread, where kernels run cells; in other threads the body has no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    rung = False

    def ring(signum: int, frame: Any) -> None:
        nonlocal rung
        rung = True
        raise TimeLimit

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    outer, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 1)
    try:
        yield
    except Exception as error:
        if rung:
            raise TimeLimit().with_traceback(error.__traceback__) from None
        raise
    else:
        if rung:
            raise TimeLimit
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:  # an alarm that was already set continues
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), 0.001), interval)


def bound(name: str, function: Callable, seconds: float, space: dict[str, Any]) -> None:
    """Bound a function that ran out of time wherever ``space``, a notebook's variables, has it: later cells may call it.

    Each call has ``seconds`` instead of the time of its cell, which is longer. After the first that runs out of them, the others raise
    TimeoutError at once.
    """
    stopped = False

    @functools.wraps(function)
    def bounded(*arguments: Any, **named: Any) -> Any:
        nonlocal stopped
        if not stopped:
            try:
                with limited(seconds):
                    return function(*arguments, **named)
            except TimeLimit:
                stopped = True
        raise TimeoutError(f"`{name}` ran out of time ({seconds:g} s) in its check and again here. The grader does not call it any more.")

    space |= {key: bounded for key, value in space.items() if value is function}


def acceptable(name: str, function: Any, arguments: int) -> None:
    """Raise `AnswerError` unless ``function`` can be called with that many arguments."""
    if not callable(function):
        raise AnswerError(f"`{name}` is {_article(type(function).__name__)}; expected a function.")
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        raise AnswerError(f"`{name}` cannot be called with {arguments} argument{'' if arguments == 1 else 's'}.") from None
    except ValueError:  # a built-in without a signature
        pass


def _where(trace: TracebackType | None, function: Callable) -> str:
    """The line of the learner's code where it happened: the deepest frame in the file that defines the function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = [frame for frame in traceback.walk_tb(trace) if code is not None and frame[0].f_code.co_filename == code.co_filename]
    if not frames:
        return ""
    frame, line = frames[-1]
    source = linecache.getline(frame.f_code.co_filename, line).strip()
    return f", in line {line} of your cell" + (f": `{source}`" if source else "")


def _text(error: BaseException) -> str:
    """What an error says, without its full stop, because the sentence goes on."""
    try:
        return cut(str(error), LONGEST).removesuffix(".")
    except Exception:
        return ""


def _article(word: str) -> str:
    return ("an " if word[:1].lower() in "aeiou" else "a ") + word
