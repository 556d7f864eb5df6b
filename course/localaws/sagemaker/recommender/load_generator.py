"""A program that sends requests to a model server. It is a separate process, so that it and the local AWS do not slow each other down.

Uses only the standard library, and is run by its path. It first reads a line of JSON with ``port``, ``headers`` and ``payloads`` (paths of
files). Each further line has ``users`` and ``seconds``. The answer to each is a line with the ``latencies`` of successful requests in
seconds, the ``seconds`` of the whole step, and the first failed answer as ``error``. It ends at the end of its input.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import threading
import time
from pathlib import Path

TIMEOUT = 60.0  # seconds, as InvokeEndpoint waits for a container
LONGEST_MESSAGE = 500  # bytes of an error that are shown
PIECE = 1 << 16  # bytes


class Users:
    """Concurrent users. Each sends one request after the other."""

    def __init__(self, port: int, headers: dict[str, str], payloads: list[bytes]) -> None:
        self._port, self._headers, self._payloads = port, headers, payloads
        self._latencies: list[float] = []
        self._error = ""

    def run(self, users: int, seconds: float) -> dict:
        self._latencies, self._error = [], ""
        began = time.perf_counter()
        threads = [threading.Thread(target=self._user, args=(number, began + seconds), daemon=True) for number in range(users)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"latencies": self._latencies, "seconds": time.perf_counter() - began, "error": self._error}

    def _user(self, number: int, until: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        payloads = itertools.islice(itertools.cycle(self._payloads), number % len(self._payloads), None)
        try:
            for payload in payloads:
                began = time.perf_counter()
                connection.request("POST", "/invocations", payload, self._headers)
                answer = connection.getresponse()
                message = _read(answer, began + TIMEOUT)
                ended = time.perf_counter()
                if not 200 <= answer.status < 300:
                    self._error = self._error or f"status {answer.status} with message {message.decode(errors='replace')!r}"
                    return
                self._latencies.append(ended - began)
                if ended >= until or self._error:
                    return
        except (OSError, http.client.HTTPException) as error:
            self._error = self._error or f"{type(error).__name__}: {error}"
        finally:
            connection.close()


def _read(answer: http.client.HTTPResponse, until: float) -> bytes:
    """Read an answer to its end and return how it begins: a model may say more than memory holds. Raises TimeoutError, IncompleteRead."""
    begins = answer.read(LONGEST_MESSAGE)
    while answer.read(PIECE):
        if time.perf_counter() > until:
            raise TimeoutError(f"the answer did not end within {TIMEOUT:.0f} s")
    if answer.length:  # bytes that were announced and did not come
        raise http.client.IncompleteRead(begins, answer.length)
    return begins


def main() -> None:
    target = json.loads(sys.stdin.readline())
    users = Users(target["port"], target["headers"], [Path(path).read_bytes() for path in target["payloads"]])
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(users.run(order["users"], order["seconds"])), flush=True)


if __name__ == "__main__":
    main()
