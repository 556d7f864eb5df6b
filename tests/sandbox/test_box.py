"""Boxes with real processes in both modes: what they see, how they end, and that no process is left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from course.sandbox import box as boxes
from course.sandbox.box import Box, Network
from course.sandbox.limits import Limits
from course.sandbox.mounts import BindMount
from course.sandbox.process import sweep
from tests.sandbox.running_boxes import MODES, processes_of, python, run, shut_in, until


def test_root_is_opt_ml_and_the_exit_code_comes_back(root: Path, mode: str) -> None:
    (root / "input").write_text("in")
    box = Box(root, {"SM_MODEL_DIR": "/opt/ml/model"}, mode=mode)
    running, lines = run(box, "/bin/sh", "-c", "cat /opt/ml/input; echo; echo out > $SM_MODEL_DIR; echo gone wrong >&2; exit 3")
    assert (running.exit_code, running.limit) == (3, "")
    assert lines == ["in", "gone wrong"]
    assert (root / "model").read_text() == "out\n"


def test_python_and_pip_are_on_path_and_no_credentials_are(root: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    _, lines = run(Box(root, {}, mode=mode), "/bin/sh", "-c", "python3 -c 'import sys; print(sys.prefix)'; pip --version; env")
    assert lines[0] == sys.prefix and lines[1].startswith("pip ")
    assert not [line for line in lines if "secret" in line]


def test_a_command_that_is_not_there_is_named(root: Path, mode: str) -> None:
    running, lines = run(Box(root, {}, mode=mode), "no-such-program")
    assert running.exit_code == 127 and "no-such-program" in lines[0]


def test_signals_count_from_128(root: Path, mode: str) -> None:
    assert run(Box(root, {}, mode=mode), "/bin/sh", "-c", "kill -SEGV $$")[0].exit_code == 139


def test_a_daemon_that_left_its_parent_is_ended(root: Path, mode: str) -> None:
    running, lines = run(
        Box(root, {}, mode=mode),
        *python("""
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
            os.wait()
            print("left a daemon")
        """),
    )
    assert running.exit_code == 0 and lines == ["left a daemon"]
    assert processes_of(root) == []


def test_stop_lets_the_program_finish_its_work(root: Path, mode: str) -> None:
    lines: list[str] = []
    code = """
        import signal, sys, time
        def save(*_): open("/opt/ml/saved", "w").write("model"); sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        print("ready")
        time.sleep(600)
    """
    running = Box(root, {}, mode=mode).start(python(code), lines.extend)
    until(lambda: lines)
    running.stop(grace=30)
    assert running.wait() == 0 and (root / "saved").read_text() == "model"


def test_stop_reaches_what_a_shell_has_started(root: Path, mode: str) -> None:
    """The shell ends at once, and the box waits for the program that it started."""
    lines: list[str] = []
    code = """
        import signal, sys, time
        def save(*_): time.sleep(0.3); open("/opt/ml/saved", "w").write("model"); sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        print("ready")
        time.sleep(600)
    """
    box = Box(root, {}, mode=mode)
    (root / "train.py").write_text(textwrap.dedent(code))
    box.stage(root)
    running = box.start(["/bin/bash", "-c", "setsid sleep 600 & python3 /opt/ml/train.py; echo after"], lines.extend)
    until(lambda: lines)
    running.stop(grace=30)
    assert running.wait() == 143 and (root / "saved").read_text() == "model" and lines == ["ready"]


def test_stop_kills_after_the_grace(root: Path, mode: str) -> None:
    lines: list[str] = []
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    running = Box(root, {}, mode=mode).start(python(code), lines.extend)
    until(lambda: lines)
    running.stop(grace=0.2)
    assert running.wait() == 137 and processes_of(root) == []


def test_stop_before_the_program_has_begun_still_ends_it(root: Path, mode: str) -> None:
    running = Box(root, {}, mode=mode).start(["sleep", "600"], lambda lines: None)
    running.stop(grace=30)
    assert running.wait() == 143


def test_the_box_ends_when_the_server_is_killed(root: Path, mode: str) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from course.sandbox.box import Box
        box = Box(Path({str(root)!r}), {{}}, mode={mode!r})
        box.start(["sh", "-c", "setsid sleep 601 & echo up; sleep 600"], lambda lines: print("up", flush=True))
        time.sleep(600)
    """
    server = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    try:
        assert server.stdout.readline() == b"up\n"
        until(lambda: len(processes_of(root)) >= 3)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    until(lambda: not processes_of(root))


@pytest.mark.parametrize("program", ["echo up; sleep 600", "echo up; for i in $(seq 200); do sleep 600 & done; wait"], ids=["one", "crowd"])
def test_sweep_ends_what_a_killed_supervisor_left(root: Path, program: str) -> None:
    lines: list[str] = []
    box = Box(root, {}, mode="rewrite")
    running = box.start(["/bin/sh", "-c", program], lines.extend)  # "crowd" starts processes during the sweep
    until(lambda: lines)
    psutil.Process(running.pid).kill()
    sweep(root.parent)
    with pytest.raises(RuntimeError, match="supervisor"):
        running.wait(timeout=30)
    assert processes_of(root) == []
    Path(box.path).parent.unlink(missing_ok=True)


def test_memory_and_process_limits_end_the_box(root: Path, mode: str) -> None:
    greedy = Box(root, {}, Limits(memory=300 << 20), mode=mode)
    running, _ = run(greedy, *python("import time; kept = b'x' * (400 << 20); time.sleep(600)"))
    assert (running.exit_code, running.limit) == (137, "memory")
    crowded = Box(root, {}, Limits(processes=20), mode=mode)
    running, _ = run(crowded, "/bin/sh", "-c", "for i in $(seq 40); do sleep 600 & done; wait")
    assert (running.exit_code, running.limit) == (137, "processes")
    assert processes_of(root) == []


def test_file_size_limit(root: Path, mode: str) -> None:
    running, _ = run(Box(root, {}, Limits(file_size=1 << 20), mode=mode), "/bin/sh", "-c", "head -c 2000000 /dev/zero > /opt/ml/large")
    assert running.exit_code != 0 and (root / "large").stat().st_size == 1 << 20


def test_output_past_the_limit_is_dropped_and_said(root: Path, mode: str) -> None:
    received = 0

    def count(lines: list[str]) -> None:
        nonlocal received, last
        received, last = received + sum(map(len, lines)), lines[-1]

    last, before = "", psutil.Process().memory_info().rss
    running = Box(root, {}, Limits(output=4 << 20), mode=mode).start(python("for _ in range(1000): print('x' * 100_000)"), count)
    assert running.wait(timeout=60) == 0
    assert received < 5 << 20
    assert "longer than 4,194,304 bytes" in last and "100,001,000 bytes in all" in last
    assert psutil.Process().memory_info().rss - before < 20 << 20


def test_output_that_cannot_be_kept_ends_the_box(root: Path, mode: str) -> None:
    def full(lines: list[str]) -> None:
        raise OSError(28, "No space left on device")

    running = Box(root, {}, mode=mode).start(["/bin/sh", "-c", "echo hello; sleep 600"], full)
    with pytest.raises(OSError, match="No space left"):
        running.wait(timeout=30)
    assert processes_of(root) == []


@shut_in
def test_without_a_network_only_its_own_loopback_answers(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        code = f"""
            import socket
            mine = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(mine.getsockname())
            print("own loopback")
            for address in (("127.0.0.1", {outside.getsockname()[1]}), ("192.0.2.1", 80)):
                try:
                    socket.create_connection(address, timeout=5)
                except OSError as error:
                    print(type(error).__name__)
        """
        _, lines = run(Box(root, {}, mode="namespace", network=Network(shared=False)), *python(code))
    assert lines == ["own loopback", "ConnectionRefusedError", "OSError"]


def test_without_a_network_takes_namespaces(root: Path) -> None:
    with pytest.raises(ValueError, match="user namespaces"):
        Box(root, {}, mode="rewrite", network=Network(shared=False))


def test_boxes_do_not_see_each_other(tmp_path: Path, mode: str) -> None:
    results: dict[int, list[str]] = {}

    def one(number: int) -> None:
        root = tmp_path / str(number) / "ml"
        root.mkdir(parents=True)
        results[number] = run(Box(root, {}, mode=mode), "/bin/sh", "-c", f"echo {number} > /opt/ml/mine; cat /opt/ml/mine")[1]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [str(number)] for number in range(6)}


def test_staging_translates_code_and_leaves_stored_objects_alone(root: Path) -> None:
    stored = root.parent / "object"
    stored.write_text("open('/opt/ml/model/x'); '/opt/mlflow'; '/home/opt/ml/y'")
    os.link(stored, root / "train.py")
    (root / "data.csv").write_text("/opt/ml")
    box = Box(root, {}, mode="rewrite")
    box.stage(root)
    assert (root / "train.py").read_text() == f"open('{box.path}/model/x'); '/opt/mlflow'; '/home/opt/ml/y'"
    assert (root / "data.csv").read_text() == "/opt/ml"
    assert "/opt/ml/model" in stored.read_text()


def test_as_an_ordinary_user(tmp_path: Path) -> None:
    """Another user cannot run root's Python, so the system's Python runs, with our psutil."""
    if os.getuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("takes root, to become another user, until 2027-05-24")
    modes = ["namespace", "rewrite"] if boxes.best_mode() == "namespace" else ["rewrite"]
    code = f"""
        import sys
        sys.path[:0] = [{str(Path(boxes.__file__).parents[2])!r}]
        sys.path.append({str(Path(psutil.__file__).parent.parent)!r})
        from pathlib import Path
        from course.sandbox.box import Box
        root = Path("ml"); root.mkdir()
        for mode in {modes!r}:
            lines = []
            code = Box(root, {{}}, mode=mode).start(["sh", "-c", "id -u; touch /opt/ml/f && ls /opt"], lines.extend).wait(30)
            print(mode, code, lines[0])
    """
    folder = Path("/var/tmp") / f"box-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    try:
        answer = subprocess.run(
            ["/usr/bin/python3", "-c", textwrap.dedent(code)],
            cwd=folder,
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    if "psutil" in answer.stderr:
        pytest.skip("the system's Python cannot load this environment's psutil, until 2027-05-24")
    assert answer.stdout.splitlines() == [f"{mode} 0 65534" for mode in modes], answer.stderr


# What a box sees and can connect to, in namespace mode.


@shut_in
def test_no_other_users_files_are_visible(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of somebody else")
    box = Box(root, {}, mode="namespace")
    places = [
        str(tmp_path / "secret"),
        str(Path(boxes.__file__).parents[2] / "solutions"),
        "/etc/shadow",
        str(Path.home() / ".ssh"),
        "/mnt",
    ]
    _, lines = run(box, *python(f"import os; print([place for place in {places!r} if os.path.exists(place)])"))
    assert lines == ["[]"]
    _, lines = run(box, "ls", str(root.parent))
    assert set(lines) == {"home", "ml", "tmp"}


@shut_in
def test_files_outside_the_box_cannot_be_changed(root: Path) -> None:
    package = Path(boxes.__file__).parents[1]
    code = f"""
        import ctypes
        libc = ctypes.CDLL(None)
        print(libc.mount(b"none", {str(package).encode()!r}, None, 32 | 4096, None), libc.unshare(0x10000000 | 0x20000))
        print(libc.mount(b"none", {str(package).encode()!r}, None, 32 | 4096, None))
        try:
            open({str(package / "written")!r}, "w")
        except OSError as error:
            print(error.strerror)
    """
    _, lines = run(Box(root, {}, mode="namespace"), *python(code))
    assert lines[0].startswith("-1") and lines[1:] == ["-1", "Read-only file system"]
    assert not (package / "written").exists()


@shut_in
def test_the_systems_folders_take_writes_that_are_gone_afterwards(root: Path) -> None:
    """As in a container: some scripts of the SageMaker SDK copy libraries to /lib."""
    name = f"/lib/course-test-{os.getpid()}"
    running, lines = run(Box(root, {}, mode="namespace"), "/bin/sh", "-c", f"echo kept > {name} && cat {name}")
    if running.exit_code:
        pytest.skip("no overlay file system in user namespaces here, until 2027-05-24")
    assert lines == ["kept"] and not Path(name).exists()


@shut_in
def test_binds_make_more_files_visible(root: Path, tmp_path: Path) -> None:
    for name in ("read", "written"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "file").write_text("shown")
    binds = [BindMount(tmp_path / "read"), BindMount(tmp_path / "written", Path("/opt/ml/there"), writable=True)]
    script = f"cat {tmp_path}/read/file; echo; touch {tmp_path}/read/new || echo refused; echo x > /opt/ml/there/new"
    _, lines = run(Box(root, {}, mode="namespace", binds=binds), "/bin/sh", "-c", script)
    assert lines[0] == "shown" and lines[-1] == "refused"
    assert (tmp_path / "written" / "new").read_text() == "x\n" and not (tmp_path / "read" / "new").exists()


@shut_in
def test_the_relay_connects_to_one_socket_outside_and_one_port_inside(root: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with socket.socket(socket.AF_UNIX) as gateway:
        path = Path(os.path.relpath(tmp_path / "gateway"))
        gateway.bind(str(path))
        gateway.listen()

        def answer() -> None:
            connection, _ = gateway.accept()
            with connection:
                connection.sendall(connection.recv(100).upper())

        threading.Thread(target=answer, daemon=True).start()
        code = f"""
            import socket
            with socket.create_connection(("127.0.0.1", 8080)) as connection:
                connection.sendall(b"from inside")
                print(connection.recv(100).decode(), flush=True)
            server = socket.create_server(("127.0.0.1", {port}))
            print("serves", flush=True)
            connection, _ = server.accept()
            connection.sendall(connection.recv(100)[::-1])
            connection.close()
        """
        lines: list[str] = []
        network = Network(shared=False, gateway=(8080, path.absolute()), published_port=port)
        running = Box(root, {}, mode="namespace", network=network).start(python(code), lines.extend)
        until(lambda: "serves" in lines)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"abc")
            assert connection.recv(100) == b"cba"
        assert running.wait(30) == 0 and lines == ["FROM INSIDE", "serves"]


@shut_in
def test_a_box_with_a_private_network_reaches_one_port_and_is_reached_at_another(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gateway, socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outside, port = free.getsockname()[1], gateway.getsockname()[1]
        free.close()

        def answer() -> None:
            for _ in range(2):
                connection, _ = gateway.accept()
                with connection:
                    connection.sendall(connection.recv(100).upper())

        threading.Thread(target=answer, daemon=True).start()
        code = f"""
            import socket
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", {port})) as connection:
                    connection.sendall(b"from inside")
                    print(connection.recv(100).decode(), flush=True)
            try:
                socket.create_connection(("127.0.0.1", {other.getsockname()[1]}))
            except ConnectionRefusedError:
                print("refused", flush=True)
            server = socket.create_server(("0.0.0.0", 8080))
            print("serves", flush=True)
            connection, _ = server.accept()
            connection.sendall(connection.recv(100)[::-1])
            connection.close()
        """
        lines: list[str] = []
        network = Network(shared=False, gateway=(port, None), published_port=outside, container_port=8080)
        running = Box(root, {}, mode="namespace", network=network).start(python(code), lines.extend)
        until(lambda: "serves" in lines)
        with socket.create_connection(("127.0.0.1", outside)) as connection:
            connection.sendall(b"abc")
            assert connection.recv(100) == b"cba"
        assert running.wait(30) == 0 and lines == ["FROM INSIDE", "FROM INSIDE", "refused", "serves"]


@shut_in
def test_boxes_in_one_network_are_each_reached_and_reach_each_other(root: Path, tmp_path: Path) -> None:
    for folder in ("network", "second"):
        (tmp_path / folder / "ml").mkdir(parents=True)
    opened = Box(tmp_path / "network" / "ml", {}, mode="namespace", network=Network(shared=False)).open()
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in (first, second)]
    code = """
        import socket, sys
        own, other = map(int, sys.argv[1:])
        server = socket.create_server(("127.0.0.1", own))
        print("serves", flush=True)
        while True:
            connection, _ = server.accept()
            with connection:
                if (asked := connection.recv(100)) == b"other":
                    with socket.create_connection(("127.0.0.1", other)) as beside:
                        beside.sendall(b"name")
                        asked = beside.recv(100)
                connection.sendall(asked + b" by %d" % own)
    """
    lines: list[str] = []
    running = []
    for place, (own, other) in zip((root, tmp_path / "second" / "ml"), (ports, ports[::-1]), strict=True):
        network = Network(shared=False, published_port=own, network_pid=opened.first)
        running.append(Box(place, {}, mode="namespace", network=network).start([*python(code), str(own), str(other)], lines.extend))
    until(lambda: lines.count("serves") == 2)
    for own, other in (ports, ports[::-1]):
        with socket.create_connection(("127.0.0.1", own)) as connection:
            connection.sendall(b"other")
            assert connection.recv(100).decode() == f"name by {other} by {own}"
    for process in (*running, opened):
        process.kill()


@pytest.mark.parametrize("mode", MODES)
def test_files_with_a_layer_are_at_their_place_and_come_back_as_they_were(root: Path, tmp_path: Path, mode: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "say").write_text("#!/bin/sh\ncat /srv/course/word\necho more >> /srv/course/word\n")
    (source / "say").chmod(0o755)
    (source / "word").write_text("word\n")
    (source / "tool").write_text("#!/bin/sh\nexec /srv/course/say\n")
    (source / "tool").chmod(0o755)
    binds = [
        BindMount(source, Path("/srv/course"), layer=True),
        BindMount(source / "tool", Path("/usr/local/bin/tool-of-an-image"), layer=True),
    ]
    for _ in range(2):
        box = Box(root, {"PATH": "/usr/local/bin:/usr/bin:/bin"}, mode=mode, binds=binds)
        code, lines = run(box, "tool-of-an-image")
        assert (code.exit_code, lines) == (0, ["word"])
    assert (source / "word").read_text() == "word\n"


def test_disk_limit_ends_the_box(root: Path, mode: str) -> None:
    box = Box(root, {}, Limits(disk=20 << 20), mode=mode)
    running, _ = run(box, "/bin/sh", "-c", "for i in 1 2 3 4 5; do head -c 10000000 /dev/zero > /opt/ml/$i; done; sleep 600")
    assert (running.exit_code, running.limit) == (137, "disk")


def test_an_interrupt_is_ctrl_c(root: Path, mode: str) -> None:
    lines: list[str] = []
    code = """
        import time
        try:
            print("waits", flush=True)
            while True:
                time.sleep(0.1)  # a signal just before one long sleep would be seen after it
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    running = Box(root, {}, mode=mode).start(python(code), lines.extend)
    until(lambda: lines)
    running.interrupt()
    assert running.wait(30) == 0 and lines == ["waits", "interrupted"]


def test_a_traceback_shows_the_paths_of_a_container(mode: str, root: Path) -> None:
    (root / "code").mkdir()
    (root / "code" / "train.py").write_text("import json\n\njson.loads('no')\n")
    box = Box(root, {}, mode=mode, shown={str(Path(os.__file__).parent): "/usr/local/lib/python3"})
    _, lines = run(box, "python3", "/opt/ml/code/train.py")
    text = box.as_inside("\n".join(lines))
    assert 'File "/opt/ml/code/train.py", line 3' in text and 'File "/usr/local/lib/python3/json/__init__.py"' in text
    assert str(root.parent) not in text
    both = "see /opt/ml/code, not /opt/mlx"
    assert box.as_inside(box.translate(both)) == both
