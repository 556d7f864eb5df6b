"""The memory that bodies take: those of requests, and of the answers of containers.

Learners' programs decide how long a body is and how many are sent at once. So each body has a limit, and so have all bodies together. A
body counts from its first piece until nobody holds it any more.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator

LARGEST = 256 * 1024 * 1024  # bytes of one body, and of all bodies together
FREE = 64 * 1024  # bytes of each body that do not count, so that small requests work while others hold all memory


class BodyTooLong(Exception):
    """One body has more bytes than it may have."""


class NoRoom(Exception):
    """All bodies together have as many bytes as they may have."""

    def __init__(self) -> None:
        super().__init__(f"Requests and answers under way have {LARGEST:,} bytes; the local AWS holds no more at once. Try again later.")


class Room:
    """A number of bytes that bodies share. May be used from any thread.

    Parameters
    ----------
    size : int
        In bytes.
    """

    def __init__(self, size: int) -> None:
        self._size, self._taken = size, 0
        self._returned: deque[int] = deque()  # not subtracted at once: the garbage collector may return bytes at any moment
        self._counting = threading.Lock()

    @property
    def taken(self) -> int:
        """In bytes."""
        with self._counting:
            return self._present()

    def take(self, size: int) -> None:
        """Count some more bytes. Raises `NoRoom`."""
        with self._counting:
            if self._present() + size > self._size:
                raise NoRoom
            self._taken += size

    def give_back(self, size: int) -> None:
        self._returned.append(size)

    def _present(self) -> int:
        while self._returned:
            self._taken -= self._returned.popleft()
        return self._taken


class Share:
    """The bytes that one body has taken of a room. They are given back after a ``with``, and when the share is deleted.

    Parameters
    ----------
    room : Room
    """

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def grow_to(self, size: int) -> None:
        """Take so many bytes in all. Raises `NoRoom`."""
        self._room.take(size - self._size)
        self._size = size

    def give_back(self) -> None:
        self._room.give_back(self._size)
        self._size = 0

    def __enter__(self) -> Share:
        return self

    def __exit__(self, *raised: object) -> None:
        self.give_back()

    def __del__(self) -> None:
        self.give_back()


class HeldBytes(bytes):
    """A body that counts as long as it exists."""

    share: Share


ROOM = Room(LARGEST)  # of this process


async def gather(pieces: AsyncIterator[bytes], longest: int = LARGEST, room: Room = ROOM) -> bytes:
    """The pieces of a body together.

    Parameters
    ----------
    pieces : async iterator of bytes
    longest : int
        In bytes.
    room : Room

    Raises
    ------
    BodyTooLong
    NoRoom
    """
    share, body = Share(room), bytearray()
    try:
        async for piece in pieces:
            if len(body) + len(piece) > longest:
                raise BodyTooLong
            if len(body) + len(piece) > FREE:
                share.grow_to(len(body) + len(piece))
            body += piece
    except BaseException:  # which keeps this frame
        share.give_back()
        body.clear()
        raise
    if len(body) <= FREE:
        return bytes(body)
    held = HeldBytes(body)
    held.share = share
    return held
