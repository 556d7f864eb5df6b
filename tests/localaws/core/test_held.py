"""Bodies count against their room from their first piece until nobody holds them any more."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator

import pytest

from course.localaws.core.held import FREE, BodyTooLong, NoRoom, Room, Share, gather

PIECE = 10_000
SIZE = 100 * FREE


async def pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, PIECE):
        yield b"x" * min(PIECE, size - start)


def gathered(size: int, room: Room, longest: int = SIZE) -> bytes:
    return asyncio.run(gather(pieces(size), longest, room))


@pytest.mark.parametrize("size", [0, 1, FREE, FREE + 1, SIZE])
def test_a_body_is_whole_and_counts_while_it_is_held(size: int) -> None:
    room = Room(SIZE)
    body = gathered(size, room)
    assert body == b"x" * size
    assert room.taken == (size if size > FREE else 0)
    again = memoryview(body)
    del body
    assert room.taken == (size if size > FREE else 0)
    del again
    assert room.taken == 0


def test_a_body_that_is_too_long_leaves_nothing() -> None:
    room = Room(SIZE)
    with pytest.raises(BodyTooLong):
        gathered(2 * FREE + 1, room, 2 * FREE)
    assert room.taken == 0


def test_bodies_share_the_room() -> None:
    room = Room(SIZE)
    first = gathered(SIZE - 2 * FREE, room)
    with pytest.raises(NoRoom):
        gathered(2 * FREE + 1, room)
    small = gathered(FREE, room)  # always possible
    assert room.taken == len(first)
    del first
    assert len(gathered(SIZE, room)) + len(small) == SIZE + FREE


def test_a_share_is_given_back_after_its_block() -> None:
    room = Room(SIZE)
    with Share(room) as share:
        share.grow_to(SIZE)
        with pytest.raises(NoRoom):
            Share(room).grow_to(1)
    assert room.taken == 0
    del share
    assert room.taken == 0


def test_many_threads_lose_no_byte() -> None:
    room, held = Room(SIZE), []

    def work(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(100):
            try:
                held.append(gathered(draw.randrange(4 * FREE), room))
            except NoRoom:
                held.clear()
            assert 0 <= room.taken <= SIZE

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert room.taken == sum(len(body) for body in held if len(body) > FREE)
    held.clear()
    assert room.taken == 0
