"""The worst messages that we could think of: small frames that ask for much memory when they are decoded.

    python -m tests.grading.worst_messages

prints a Markdown table: by how much the memory of a process grows that receives each, the message itself left out. Linux only.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from course.grading.submission import protocol
from course.grading.submission.protocol import FrameChannel, ProtocolError

OFFER = {"type": "offer", "exercise": "m98_2_ex1", "problem": "", "unanswered": False}


def frame(values: Any, *blobs: bytes) -> bytes:
    """An offer of any JSON with any streams."""
    body = values if isinstance(values, bytes) else json.dumps(OFFER | {"values": values}).encode()
    sizes = b"".join(protocol.SIZE.pack(len(blob)) for blob in blobs)
    return protocol.HEADER.pack(protocol.MAGIC, len(body), len(blobs)) + sizes + body + b"".join(blobs)


def offer_of(json_text: str) -> bytes:
    """An offer whose values are this JSON text."""
    return json.dumps(OFFER | {"values": {"a": "HERE"}}).replace('"HERE"', json_text).encode()


def table(count: int = 1) -> dict[str, Any]:
    names = [str(number) for number in range(count)]
    return {"$": "table", "index": [], "columns": names, "blob": 0}


def stream(*columns: pa.Array, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch(list(columns), names=[str(number) for number in range(len(columns))])
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def null_column() -> bytes:
    return frame({"a": table()}, stream(pa.nulls(250_000_000)))


def null_columns() -> bytes:
    return frame({"a": table(2_000)}, stream(*[pa.nulls(900_000)] * 2_000))


def compressed() -> bytes:
    return frame({"a": table()}, stream(pa.array(np.zeros(300_000_000, dtype=np.int8)), compression="zstd"))


def dictionary() -> bytes:
    column = pa.DictionaryArray.from_arrays(np.zeros(20_000_000, dtype=np.int8), ["x" * 1_000])
    return frame({"a": table()}, stream(column))


def run_ends() -> bytes:
    return frame({"a": table()}, stream(pa.RunEndEncodedArray.from_arrays(pa.array([2_000_000_000], pa.int32()), pa.array([1]))))


def truth_values() -> bytes:
    return frame({"a": table()}, stream(pa.BooleanArray.from_buffers(pa.bool_(), 200_000_000, [None, pa.py_buffer(bytes(25_000_000))])))


def named_often() -> bytes:
    return frame({str(number): table() for number in range(80_000)}, stream(pa.array(np.zeros(900_000, dtype=np.int8))))


def one_text_for_all() -> bytes:
    """Columns that share one buffer with a text of 15 MB."""
    column = pa.array(["x" * 15_000_000])
    data = stream(*[column] * 2)
    return frame({str(number): table(2) for number in range(10_000)}, data)


def empty_lists() -> bytes:
    return frame(offer_of("[" + "[]," * 10_000_000 + "0]"))


def small_dicts() -> bytes:
    return frame(offer_of("[" + '{"":0},' * 4_500_000 + "0]"))


def long_integers() -> bytes:
    return frame(offer_of("[" + ("9" * 4_200 + ",") * 7_500 + "0]"))


def nested() -> bytes:
    return frame(offer_of("[" * 15_000_000 + "]" * 15_000_000))


def many_columns() -> bytes:
    return frame({"a": table(100_000)}, stream(*[pa.array([], pa.int8())] * 100_000))


def announced() -> bytes:
    return protocol.HEADER.pack(protocol.MAGIC, 2**32 - 1, 0)


WORST: dict[str, Callable[[], bytes]] = {
    each.__name__: each
    for each in (
        null_column,
        null_columns,
        compressed,
        dictionary,
        run_ends,
        truth_values,
        named_often,
        one_text_for_all,
        empty_lists,
        small_dicts,
        long_integers,
        nested,
        many_columns,
        announced,
    )
}


def receive(message: bytes) -> str:
    """What a grader says to this message; empty when it takes it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=_send, args=(theirs, message), daemon=True)
        sender.start()
        try:
            FrameChannel(ours).receive("offer", seconds=60)
        except ProtocolError as error:
            return str(error)
    return ""


def _send(connection: socket.socket, message: bytes) -> None:
    try:
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the receiver has refused it


def _receive_here() -> None:
    """Receive the message from standard input; print the answer and how much the process's peak memory grew, in MB."""
    message = sys.stdin.buffer.read()
    receive(frame({"a": table()}, stream(pa.array([1]))))  # everything is imported now
    before = _peak()
    said = receive(message)
    print(json.dumps([said, (_peak() - before) // 1_000]))


def _peak() -> int:
    """The peak memory of this process in kB. Unlike getrusage's, it is not that of the parent, which made the message."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


def measured(name: str) -> tuple[int, str, int]:
    """Bytes of a message; what a new process says to it; and the MB by which its peak memory grew, beyond the message itself."""
    message = WORST[name]()
    code = "from tests.grading import worst_messages; worst_messages._receive_here()"
    done = subprocess.run([sys.executable, "-c", code], input=message, stdout=subprocess.PIPE, check=True)
    said, grew = json.loads(done.stdout)
    return len(message), said, grew


def main() -> None:
    print("| message | bytes | the grader says | peak memory |\n|---|---|---|---|")
    for name in WORST:
        size, said, grew = measured(name)
        print(f"| {name.replace('_', ' ')} | {size:,} | {said[:90]} | {grew} MB |", flush=True)


if __name__ == "__main__":
    main()
