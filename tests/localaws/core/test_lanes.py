"""The grader's work goes before that of a submission, and has threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from course.localaws.core.lanes import LaneThreads, OneThread, lane


@pytest.fixture
def thread() -> Iterator[OneThread]:
    one = OneThread("one")
    yield one
    one.shutdown()


@contextlib.contextmanager
def held(thread: OneThread) -> Iterator[None]:
    """The thread is busy while the block runs."""
    begun, go = threading.Event(), threading.Event()
    thread.submit(lambda: (begun.set(), go.wait()))
    begun.wait()
    try:
        yield
    finally:
        go.set()


def test_the_first_lane_goes_before_all_that_wait(thread: OneThread) -> None:
    done: list[str] = []
    with held(thread):
        waiting = [thread.submit(lambda each=each: done.append(f"guest {each}")) for each in range(3)]
        with lane(first=True):
            waiting += [thread.submit(lambda each=each: done.append(f"grader {each}")) for each in range(2)]
    for each in waiting:
        each.result()
    assert done == ["grader 0", "grader 1", "guest 0", "guest 1", "guest 2"]


def test_errors_and_results_come_back(thread: OneThread) -> None:
    assert thread.submit(lambda: 3).result() == 3
    with pytest.raises(ZeroDivisionError):
        thread.submit(lambda: 1 / 0).result()
    assert thread.submit(lambda: 4).result() == 4


def test_nothing_runs_after_the_end() -> None:
    thread = OneThread("ends")
    with held(thread):
        last = thread.submit(lambda: "done")
    thread.shutdown()
    assert last.result() == "done"
    with pytest.raises(RuntimeError, match="has ended"):
        thread.submit(lambda: None)


def test_work_that_hangs_leaves_threads_to_the_first_lane() -> None:
    async def main() -> str:
        asyncio.get_running_loop().set_default_executor(LaneThreads(2))
        go = threading.Event()
        stuck = [asyncio.ensure_future(asyncio.to_thread(go.wait)) for _ in range(5)]
        await asyncio.sleep(0)
        with lane(first=True):
            answer = await asyncio.to_thread(lambda: "answered")
        go.set()
        await asyncio.gather(*stuck)
        return answer

    assert asyncio.run(main()) == "answered"
