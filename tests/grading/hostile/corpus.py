"""Hostile submissions: the attack of each, and the score that its real work deserves.

``{course}`` in a source becomes the path of the course's folder, which we assume that attackers know.
"""

from __future__ import annotations

import nbformat

from tests.grading.nbgrader_course import answering, ending, starting

from ..students import FULL, LATE, MEAN, NOTHING, RIGHT, SHAPE, TOOL, odd_members

VISUAL = "def choose_tool(job):\n    return 'visual'\n"

# Each prints its findings; test_hostile.py searches all stored results for secrets.
SEARCH = """
import os, pathlib
for folder, folders, files in os.walk("{course}"):
    for path in (pathlib.Path(folder, name) for name in files):
        try:
            print(path, path.read_bytes()[:100_000] if path.is_file() else "")
        except OSError as error:
            print(path, error)
"""
PROCESSES = """
import glob, os
for pattern in ("/proc/[0-9]*/environ", "/proc/[0-9]*/cmdline", "/proc/[0-9]*/root{course}/submitted/*/*/*.ipynb", "/proc/[0-9]*/cwd/*"):
    for path in filter(os.path.isfile, glob.glob(pattern)):
        try:
            print(path, open(path, "rb").read(100_000))
        except OSError as error:
            print(path, error)
"""
MEMORY = """
import ctypes
for number in range(1, 5):
    print(number, ctypes.CDLL(None).ptrace(16, number, 0, 0))
    try:
        open(f"/proc/{number}/mem", "rb").read(1)
    except OSError as error:
        print(error)
"""
MOUNTS = """
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
import course
package = os.path.dirname(course.__file__)
print(libc.mount(b"none", package.encode(), None, 32 | 4096, None), libc.umount2(package.encode(), 2))
print(libc.unshare(0x10000000 | 0x20000), libc.mount(b"none", package.encode(), None, 32 | 4096, None))
for path in (package, os.path.dirname(os.__file__), os.environ["COURSE_GRADERS"] + "/..", "/etc", "/usr/bin"):
    try:
        open(path + "/m98_was_here", "w").write("x")
    except OSError as error:
        print(error)
"""
PATCHES = """
import course.grading.calls, course.grading.evaluate, course.grading.report, course.grading.values
course.grading.report.Report.score = property(lambda self: 4.0)
course.grading.report.Report.passed = property(lambda self: True)
course.grading.calls.limited = lambda seconds: __import__("contextlib").nullcontext()
course.grading.evaluate._is_aws_answer = lambda error: True
course.grading.values.plain = lambda value, name="": value
"""
REPORTS = """
import os, socket
from course.grading.submission import protocol
def forged(name, **evidence):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["COURSE_GRADER_SOCKET"])
        channel = protocol.FrameChannel(connection)
        report = dict(exercise=name, phase="graded", score=4.0, points=4.0, problem="", unanswered=False, output="", parts=[])
        channel.send("report", report=report)
    return 4.0
check = forged
"""
EARLY = """
import os, socket, threading, time
from course.grading.submission import protocol
def offer():
    for _ in range(2000):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(os.environ["COURSE_GRADER_SOCKET"])
                channel = protocol.FrameChannel(connection)
                channel.send("offer", exercise="m98_1_ex3", values=dict(late=["c1", "c2"]), problem="", unanswered=False)
                channel.receive("call", "report", "refused", seconds=2)
        except Exception:
            pass
        time.sleep(0.005)
threading.Thread(target=offer, daemon=True).start()
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in range(3, 200):
            try: os.close(descriptor)
            except OSError: pass
        end = time.time() + 600
        while time.time() < end:
            time.sleep(0.1)
    os._exit(0)
"""
NETWORK = """
import socket
for kind, address in [(socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_UNIX, "\\0{name}")]:
    try:
        with socket.socket(kind) as connection:
            connection.settimeout(2)
            connection.connect(address)
            print("reached", address, connection.recv(100))
    except OSError as error:
        print(address, error)
"""
EQUAL = """
class Anything(list):
    def __eq__(self, other): return True
    def __contains__(self, item): return True
    def __len__(self): return 3
    def __iter__(self): return iter(["c1", "c2"])
    def __array__(self, *args, **kwargs): raise SystemExit("asked")
    def __reduce__(self): return (print, ("unpickled",))
late = Anything(["c0"])
"""
TEXT = """
class Text(str):
    def __eq__(self, other): return True
    def __hash__(self): return hash("spark")
    def __str__(self): return "spark"
    def __class__(self): return str
def choose_tool(job):
    return Text("visual")
"""
NUMBER = """
class Number(float):
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
    def __eq__(self, other): return True
    def __float__(self): return 3.0
def mean(numbers):
    return Number(99.0)
"""
PICKLE = """
import pickle
class Bomb:
    def __reduce__(self):
        return (__import__("os").system, ("touch /tmp/unpickled",))
late = [pickle.dumps(Bomb())]
"""
BIG = "import numpy\nlate = numpy.ones((3000, 3000)).astype(str).tolist()"
CONNECTION = """
import glob, os
from ipykernel.connect import get_connection_file
place = os.path.dirname(get_connection_file())
for path in glob.glob(place + "/k-*"):
    os.unlink(path)
    os.symlink("/run/elsewhere.sock", path)
open(get_connection_file(), "w").write("{}")
"""
CLOCK = """
import ctypes, time
class Spec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]
print(ctypes.CDLL(None).clock_settime(0, ctypes.byref(Spec(1, 0))))
time.time = time.monotonic = lambda: 0.0
"""
HOOKS = """
import builtins, sys
shell = get_ipython()
shell.ast_node_interactivity = "none"
shell.events.register("post_run_cell", lambda result: print("4.0"))
original = shell.run_cell
shell.run_cell = lambda text, *args, **options: original("4.0" if text.startswith("check(") else text, *args, **options)
sys.displayhook = lambda value: print("4.0")
builtins.float = type("float", (float,), dict(__new__=lambda *args: 4.0))
"""
FILLS = """
for number in range(1_000_000):
    with open(f"{number}", "wb") as file:
        file.write(b"x" * 50_000_000)
"""
# Memory and files that no process and no folder shows.
HIDES_MEMORY = """
import os
kept = []
while True:
    kept.append(os.memfd_create(""))
    os.write(kept[-1], b"x" * 100_000_000)
"""
NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0x10000000 | 0x20000), libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=20g"), os.statvfs("/tmp").f_blocks)
"""
HIDES_FILES = """
import os
kept = []
while True:
    kept.append(open("deleted", "wb"))
    os.unlink("deleted")
    kept[-1].write(b"x" * 50_000_000)
"""
DIGS = """
import os
for number in range(100_000):
    os.mkdir("x" * 200)
    os.chdir("x" * 200)
    with open("file", "wb") as file:
        file.write(b"x" * 1_000_000)
"""
CROWDS = """
import subprocess, time
kept = []
while True:
    kept.append(subprocess.Popen(["sleep", "600"]))
"""
# Every cell, the checks' too, shows a display that later cells update: at once, and once more after the last check.
UPDATES = """
from IPython.display import display
forged = {"text/plain": "FORGED", "text/html": "<b>FORGED</b>"}
def show(result):
    for number in range(3):
        display(forged, raw=True, display_id=f"report-{number}")
get_ipython().events.register("post_run_cell", show)
"""
CLEARS = """
from IPython.display import clear_output
get_ipython().events.register("post_run_cell", lambda result: clear_output(wait=True))
"""
SHOWS = """
import sys
from IPython.display import display
script = "<script>alert('HARM')</script><img src=x onerror=alert('HARM')>"
for kind in ("text/html", "image/svg+xml", "application/javascript", "text/markdown", "application/vnd.jupyter.widget-view+json"):
    display({kind: script}, raw=True, metadata={kind: {"isolated": True, "alt": script}})
get_ipython().kernel.shell.execution_count = script
sys.stderr.write(script)
raise ValueError(script)
"""
# What a kernel may send to the grader's nbclient: each member missing, None or of a wrong type.
MALFORMED = """
import json
kernel = get_ipython().kernel
session = kernel.session
session.pack = lambda document: json.dumps(document, default=str).encode()  # writes half characters, too
def send(kind, content, **header):
    message = session.msg(kind, content, parent=kernel.get_parent())
    message["header"] |= header
    session.send(kernel.iopub_socket, message)
for content in ({}, [], None, 5, {"data": None}, {"data": [], "metadata": [], "transient": []}, {"data": {"text/plain": None}},
                {"data": {"text/plain": "\\ud800", "application/json": "\\ud800"}, "metadata": {}, "transient": {"display_id": []}},
                {"name": 5, "text": None}, {"name": "stdout", "text": "\\ud800"}, {"ename": None, "traceback": 5}, {"execution_state": 5},
                {"data": {"state": []}, "comm_id": []}, {"data": {"state": [], "buffer_paths": 5}, "target_name": "jupyter.widget"},
                {"execution_count": "many"}, {"wait": "x" * 3_000_000}):
    for kind in ("display_data", "update_display_data", "execute_result", "stream", "error", "comm_open", "comm_msg", "clear_output",
                 "execute_input", "unknown"):
        send(kind, content)
        send(kind, content, msg_id=[], version=7)
kernel.iopub_socket.send_multipart([b"no delimiter"])
kernel.iopub_socket.send_multipart([b"<IDS|MSG>", b"signature"])
"""
REPLIES = """
import json
kernel = get_ipython().kernel
original = kernel.session.send
def send(stream, kind, content=None, *more, **options):
    if kind == "execute_reply":
        content = {"status": [], "execution_count": {}, "traceback": None, "user_expressions": "\\ud800"}
    return original(stream, kind, content, *more, **options)
kernel.session.send = send
kernel.session.pack = lambda document: json.dumps(document, default=str).encode()
"""
# A check of the submission's own, which sends one message as offer.
OWN_CHECK = """
import json, os, socket
from course.grading.submission import protocol
def check(name, **evidence):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["COURSE_GRADER_SOCKET"])
        connection.sendall(message(name))
        connection.recv(100)
def framed(name, values, *blobs):
    body = json.dumps(dict(type="offer", exercise=name, values="HERE", problem="", unanswered=False)).replace('"HERE"', values).encode()
    sizes = b"".join(protocol.SIZE.pack(len(blob)) for blob in blobs)
    return protocol.HEADER.pack(protocol.MAGIC, len(body), len(blobs)) + sizes + body + b"".join(blobs)
"""
NULLS = """
import pyarrow
def message(name):
    sink = pyarrow.BufferOutputStream()
    batch = pyarrow.record_batch([pyarrow.nulls(250_000_000)], names=["0"])
    with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    values = {"late": {"$": "table", "index": [], "columns": ["a"], "blob": 0}}
    return framed(name, json.dumps(values), sink.getvalue().to_pybytes())
"""
LISTS = """
def message(name):
    return framed(name, '{"late": [' + "[]," * 8_000_000 + "0]}")
"""
HALVES = """
def message(name):
    return framed(name, '{"late": ["\\\\ud800"]}')
"""
LOUD = "for _ in range(19):\n    print('x' * 100_000, flush=True)"

READERS = {
    "reads_the_course": ([RIGHT, starting(SEARCH)], FULL),
    "reads_processes": ([RIGHT, starting(PROCESSES)], FULL),
    "reads_memory": ([RIGHT, starting(MEMORY)], FULL),
    "reads_in_a_function": ([RIGHT, answering(ex2=MEAN + SEARCH + PROCESSES)], FULL),
    "reads_the_network": ([RIGHT, starting(NETWORK)], FULL),
}
WRITERS = {
    "remounts": ([RIGHT, starting(MOUNTS)], FULL),
    "deletes_everything": (
        [RIGHT, starting("import os, shutil\nfor name in os.listdir('/'):\n    shutil.rmtree('/' + name, ignore_errors=True)")],
        NOTHING,
    ),
    "breaks_its_connection": ([RIGHT, starting(CONNECTION)], FULL),
    "sets_the_clock": ([RIGHT, starting(CLOCK)], FULL),
}
FORGERS = {
    "patches_the_grading_package": (
        [answering(ex1=PATCHES + VISUAL, ex2="def mean(numbers):\n    return 99.0", ex3="late = ['c1']")],
        SHAPE,
    ),
    "sends_its_own_report": ([answering(ex1=REPORTS + VISUAL)], NOTHING),
    "offers_before_it_is_asked": ([answering(ex1=EARLY + VISUAL)], SHAPE),
    "equals_everything": ([RIGHT, answering(ex3=EQUAL)], FULL | {"m98_1_ex3": 0.0}),
    "text_that_equals_everything": ([RIGHT, answering(ex1=TEXT)], FULL | {"m98_1_ex1": 0.5}),
    "number_that_is_always_right": ([RIGHT, answering(ex2=NUMBER)], FULL | {"m98_1_ex2": 0.0}),
    "hands_in_a_pickle": ([RIGHT, answering(ex3=PICKLE)], FULL | {"m98_1_ex3": 0.0}),
    "hooks_the_shell": ([answering(ex1=HOOKS + VISUAL)], NOTHING),
    "defines_check": ([answering(ex1=VISUAL + "check = lambda *names, **evidence: 4.0")], NOTHING),
    "raises_check_away": ([answering(ex1=VISUAL + "def check(*names, **evidence):\n    raise SystemExit(0)")], NOTHING),
    "knows_practice_by_heart": (
        [
            answering(
                ex1="import sys\nseen = []\ndef choose_tool(job):\n    seen.append(job)\n    return ('visual', 'rules')[len(seen) % 2]"
            )
        ],
        NOTHING | {"m98_1_ex1": 0.7414},  # an alternating answer earns at most a fifth from any rule
    ),
    "looks_into_the_stack": (
        [
            answering(
                ex1="import gc\ndef choose_tool(job):\n    found = [each for each in gc.get_objects() "
                "if type(each).__name__ in ('Report', 'Answer')]\n    return 'visual' if not found else 'spark'"
            )
        ],
        SHAPE,
    ),
}
BREAKERS = {
    "kills_all": ([RIGHT, answering(ex2="import os\nos.kill(-1, 9)")], FULL | {"m98_1_ex2": 0.0}),
    "kills_its_parent": (
        [RIGHT, answering(ex2=MEAN + "import os\nos.kill(1, 9); os.kill(os.getppid(), 15)")],
        FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0},
    ),
    "stops_itself": ([RIGHT, answering(ex2="import os\nos.kill(os.getpid(), 19)")], FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}),
    "exits_in_a_function": (
        [RIGHT, answering(ex2="def mean(numbers):\n    __import__('os')._exit(0)")],
        FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0},
    ),
    "crashes": ([RIGHT, answering(ex2="import ctypes\nctypes.string_at(0)")], FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}),
    "forks_for_ever": ([RIGHT, answering(ex2="import os\nwhile True:\n    os.fork()")], FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}),
    "leaves_a_daemon": ([RIGHT, starting(DAEMON)], FULL),
    "takes_all_memory": ([RIGHT, starting("kept = []\nwhile True:\n    kept.append(b'x' * 100_000_000)")], NOTHING),
    "writes_one_large_file": (
        [RIGHT, answering(ex2="with open('big', 'wb') as file:\n    while True:\n        file.write(b'x' * 10_000_000)")],
        FULL | {"m98_1_ex2": 0.0},
    ),
    "fills_the_disk": ([RIGHT, starting(FILLS)], NOTHING),
    "hides_memory": ([RIGHT, starting(HIDES_MEMORY)], NOTHING),
    "mounts_memory": ([RIGHT, starting(NAMESPACES)], FULL),
    "hides_files": ([RIGHT, starting(HIDES_FILES)], NOTHING),
    "digs": ([RIGHT, starting(DIGS)], NOTHING),
    "crowds": ([RIGHT, starting(CROWDS)], NOTHING),
    "prints_for_ever": ([RIGHT, answering(ex2="while True:\n    print('x' * 10_000)")], FULL | {"m98_1_ex2": 0.0}),
    "writes_to_descriptors_for_ever": (
        [RIGHT, answering(ex2="import os\nwhile True:\n    os.write(1, b'x' * 10_000)")],
        FULL | {"m98_1_ex2": 0.0},
    ),
    "shows_a_large_thing": (
        [RIGHT, answering(ex2=MEAN + "from IPython.display import display\ndisplay({'text/plain': 'x' * 30_000_000}, raw=True)")],
        FULL,
    ),
    "returns_a_large_thing": ([RIGHT, answering(ex2="def mean(numbers):\n    return 'x' * 100_000_000")], FULL | {"m98_1_ex2": 0.0}),
    "hands_in_a_large_thing": ([RIGHT, answering(ex3=BIG)], FULL | {"m98_1_ex3": 0.0}),
    "asks_for_input": ([RIGHT, answering(ex2=MEAN + "input()")], FULL),
    "loops_wherever_it_is_called": (
        [RIGHT, answering(ex2="def mean(numbers):\n    while True:\n        pass"), ending(*["mean([1])"] * 8)],
        FULL | {"m98_1_ex2": 0.0},
    ),
    "recurses": ([RIGHT, answering(ex2="def mean(numbers):\n    return mean(numbers)")], FULL | {"m98_1_ex2": 0.0}),
    "nests": ([RIGHT, answering(ex3="late = []\nfor _ in range(10_000):\n    late = [late]")], FULL | {"m98_1_ex3": 0.0}),
}


def _odd_kernel(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata = {"kernelspec": {"name": "../../evil", "display_name": "x", "argv": ["touch", "/tmp/evil"]}, "language_info": 7}


def _large(notebook: nbformat.NotebookNode) -> None:
    """Outputs of 60 MB; `make nightly` has 200."""
    notebook.cells[1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}]


def _reversed(notebook: nbformat.NotebookNode) -> None:
    notebook.cells = notebook.cells[::-1]


def _hostile_text(notebook: nbformat.NotebookNode) -> None:
    harm = "<script>alert('HARM')</script>\n\n[x](javascript:alert('HARM'))\n\n<img src='http://attacker.test/x' onerror=\"alert('HARM')\">"
    notebook.cells.append(nbformat.v4.new_markdown_cell(harm))
    notebook.cells.append(nbformat.v4.new_raw_cell(harm))
    notebook.metadata["title"] = notebook.metadata["widgets"] = harm


def _odd_cells(notebook: nbformat.NotebookNode) -> None:
    for each in notebook.cells:
        each["attachments"], each["outputs"], each["source"] = 5, "no list", each["source"].splitlines(keepends=True)


def _half_characters(notebook: nbformat.NotebookNode) -> None:
    for each in notebook.cells:
        each["source"] += "\n# \ud800" if each.cell_type == "code" and not each.metadata.get("nbgrader", {}).get("grade") else ""
        each.metadata["\ud800"] = "\udfff"


def _deep(notebook: nbformat.NotebookNode) -> None:
    deep: list = []
    for _ in range(300):
        deep = [deep]
    notebook.metadata["deep"] = notebook.cells[0].metadata["deep"] = deep


def _loud(notebook: nbformat.NotebookNode) -> None:
    """Fifteen cells of 1.9 MB of output."""
    notebook.cells += [nbformat.v4.new_code_cell(LOUD) for _ in range(15)]


NOTEBOOKS = {
    "names_another_kernel": ([RIGHT, _odd_kernel], FULL),
    "is_large": ([RIGHT, _large], FULL),
    "is_reversed": ([RIGHT, _reversed], NOTHING),
    "has_odd_cells": ([RIGHT, _odd_cells], FULL),
    "has_odd_members": ([RIGHT, odd_members], FULL),
    "has_half_characters": ([RIGHT, _half_characters], FULL),
    "has_deep_metadata": ([RIGHT, _deep], FULL),
}
SHOWERS = {
    "updates_the_report": ([RIGHT, starting(UPDATES), ending("show(None)")], FULL),
    "clears_the_report": ([RIGHT, starting(CLEARS), ending("1")], FULL),
    "shows_scripts": ([RIGHT, starting(SHOWS), _hostile_text], FULL),
}
WITHOUT_EX3 = FULL | {"m98_1_ex3": 0.0}
MESSAGES = {
    "sends_malformed_messages": ([RIGHT, starting(MALFORMED)], FULL),
    "sends_malformed_replies": ([RIGHT, starting(REPLIES)], FULL),
    "shows_much_in_many_cells": ([RIGHT, _loud], FULL),
    "offers_a_column_of_nothing": ([RIGHT, answering(ex3=OWN_CHECK + NULLS)], WITHOUT_EX3),
    "offers_millions_of_lists": ([RIGHT, answering(ex3=OWN_CHECK + LISTS)], WITHOUT_EX3),
    "offers_half_a_character": ([RIGHT, answering(ex3=OWN_CHECK + HALVES)], WITHOUT_EX3),
    "hands_in_half_a_character": ([RIGHT, answering(ex3="late = ['\\ud800']")], WITHOUT_EX3),
    "prints_half_a_character": ([RIGHT, answering(ex2=MEAN.replace("    return", "    print('\\ud800')\n    return"))], FULL),
    "raises_half_a_character": ([RIGHT, answering(ex2="def mean(numbers):\n    raise ValueError('\\ud800')")], FULL | {"m98_1_ex2": 0.0}),
    "returns_a_giant_integer": ([RIGHT, answering(ex2="def mean(numbers):\n    return 10**3500")], FULL | {"m98_1_ex2": 0.0}),
    "nests_to_the_limit": (
        [RIGHT, answering(ex3="late = []\nfor _ in range(39):\n    late = [late]")],
        WITHOUT_EX3,
    ),
}
ALL = READERS | WRITERS | FORGERS | BREAKERS | NOTEBOOKS | SHOWERS | MESSAGES
__all__ = ["ALL", "LATE", "TOOL"]
