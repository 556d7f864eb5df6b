"""Tests `nbgrader collect` and `course collect` on inbound folders that a student filled with links, pipes, names and other traps."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.grading.classroom import exchange_collect, inbound_copy, submitted_files
from tests.grading.classrooms.hand_ins import IPYNB, answer, collect, nbgrader, notebook, written
from tests.grading.nbgrader_course import LESSON

pytestmark = pytest.mark.timeout(300)

SECRET = b"a hidden check, or the gradebook"
STAMP = "2026-01-11 10:00:00.000000 UTC"


@pytest.fixture
def inbound(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exchange's folder of what was handed in; the class uses the exchange."""
    exchange = tmp_path / "exchange"
    folder = exchange / "spring" / "inbound"
    folder.mkdir(parents=True)
    exchange.chmod(0o777)
    path = root / "class.yaml"
    path.write_text(path.read_text().replace("exchange: null", f"exchange: {exchange}"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    return folder


def hand_in(inbound: Path, student: str, text: str, stamp: str = STAMP, ending: str = "x") -> Path:
    return written(inbound / f"{student}+{LESSON}+{stamp}+{ending}", {IPYNB: notebook(text), "timestamp.txt": stamp.encode()})


def trap(folder: Path, secret: Path) -> Iterator[str]:
    """Put traps into an inbound folder; gives their names."""
    (folder / "gradebook.txt").symlink_to(secret)
    yield "gradebook.txt"
    (folder / "hidden").symlink_to(secret.parent, target_is_directory=True)
    yield "hidden"
    (folder / "relative").symlink_to(os.path.relpath(secret, folder))
    yield "relative"
    (folder / "given" / "deep").mkdir(parents=True)
    (folder / "given" / "deep" / "loop").symlink_to("..", target_is_directory=True)
    yield "given/deep/loop"
    os.mkfifo(folder / "pipe")
    yield "pipe"
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(folder / "socket"))
    yield "socket"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return written(tmp_path / "graders", {"secret.py": SECRET}) / "secret.py"


def holds_no_secret(root: Path) -> bool:
    files = [path for path in (root / "submitted").rglob("*") if path.is_file()]
    return (
        bool(files) and not any(path.is_symlink() for path in (root / "submitted").rglob("*")) and SECRET not in map(Path.read_bytes, files)
    )


def test_course_collect_follows_no_link_and_says_so(root, inbound, secret, capsys, monkeypatch):
    monkeypatch.chdir(inbound)  # the path of a socket is short
    traps = list(trap(hand_in(inbound, "bob", "bob's"), secret))
    hand_in(inbound, "ada", "ada's")
    log = collect(root, capsys, expect=1)
    assert holds_no_secret(root) and (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")
    for name in traps:
        assert f"Refused: bob/{name}: it is a link or not a regular file." in log


def test_nbgrader_collect_follows_no_link_either(root, inbound, secret, monkeypatch):
    monkeypatch.chdir(inbound)
    folder = hand_in(inbound, "bob", "bob's")
    traps = list(trap(folder, secret))
    (inbound / f"cy+{LESSON}+{STAMP}+x").symlink_to(secret.parent, target_is_directory=True)  # the whole folder is a link
    hand_in(inbound, "ada", "ada's")
    log = nbgrader(root, "collect", LESSON, f"--Exchange.root={inbound.parents[1]}", "--course=spring")
    assert holds_no_secret(root) and (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")
    for name in traps:
        assert f"Left out: bob/{name}: it is a link or not a regular file" in log
    assert f"Left out: cy+{LESSON}+{STAMP}+x: it is a link or not a folder" in log
    hand_in(inbound, "bob", "newer", STAMP.replace("11", "12"))
    assert "use --update" in nbgrader(root, "collect", LESSON, f"--Exchange.root={inbound.parents[1]}", "--course=spring")
    nbgrader(root, "collect", LESSON, f"--Exchange.root={inbound.parents[1]}", "--course=spring", "--update")
    assert answer(root, "bob") == "newer" and {path.name for path in (root / "submitted/bob").iterdir()} == {LESSON}


def test_names_of_folders_that_anybody_can_make_stop_nobody(root, inbound, capsys):
    """The inbound folder is writable to every account of the server."""
    for name in ("bob+{}+no time+x", "..+{}+{}+x", ".+{}+{}+x", "a+b+{}+{}+x", "bob+{}+{}+x+y", "bob+{}+9999-99-99 00:00 UTC+x", "bob+{}"):
        (inbound / name.format(LESSON, STAMP)).mkdir()
    (inbound / f"cy+{LESSON}+{STAMP}+x").write_text("a file")
    hand_in(inbound, "ada", "ada's")
    log = collect(root, capsys, expect=1)
    assert answer(root, "ada") == "ada's" and sorted(path.name for path in (root / "submitted").iterdir()) == ["ada"]
    assert not (root / LESSON).exists() and log.count("its name is not student+lesson+time") == 4
    assert "the id '..' cannot be the name of a folder" in log


def test_a_folder_inside_that_is_called_as_somebody_else(root, inbound, capsys):
    """An account that is not in the class hands in a folder `ada`, with a time of its own."""
    hand_in(inbound, "ada", "ada's")
    written(hand_in(inbound, "mallory", "m"), {f"ada/{IPYNB}": notebook("mallory's"), "ada/timestamp.txt": b"2027-01-01 00:00:00 UTC"})
    log = collect(root, capsys, expect=1)
    assert answer(root, "ada") == "ada's" and "2027" not in log
    assert f"Unmatched: mallory/{LESSON}/ada/{IPYNB}" in log


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give a file to somebody else; as another user nobody can forge an owner either"
)
def test_the_owner_of_a_folder_decides_whose_it_is(root, inbound, secret, capsys):
    forged = hand_in(inbound, "ada", "mallory's", STAMP.replace("11", "12"))
    hand_in(inbound, "ada", "ada's")
    for path in (forged, *forged.iterdir()):
        os.chown(path, 65534, 65534)
    log = collect(root, capsys, expect=1)
    assert answer(root, "ada") == "ada's" and "it claims to be ada's but belongs to nobody" in log
    linked = hand_in(inbound, "nobody", "nobody's")  # their own folder, but a second name of a file of the grader's
    os.chown(linked, 65534, 65534)
    os.link(secret, linked / "given.py")
    log = nbgrader(root, "collect", LESSON, f"--Exchange.root={inbound.parents[1]}", "--course=spring")
    assert "Left out: nobody/given.py: it is a second name of a file that belongs to somebody else" in log and holds_no_secret(root)
    assert answer(root, "nobody") == "nobody's"


def test_one_folder_without_end_and_the_others_go_on(root, inbound, monkeypatch, capsys):
    many = hand_in(inbound, "bob", "bob's")
    for number in range(submitted_files.limits()["files"] + 1):
        (many / f"{number}.txt").touch()
    deep = hand_in(inbound, "cy", "cy's")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(deep)
        for _ in range(submitted_files.limits()["path_parts"] + 5):
            Path("d").mkdir()
            here.chdir("d")
    hand_in(inbound, "ada", "ada's")
    log = collect(root, capsys, expect=1)
    assert (answer(root, "ada"), answer(root, "cy")) == ("ada's", "cy's")
    assert f"Refused: bob+{LESSON}+{STAMP}+x: it has more than 2,000 files." in log and "its name is too long" in log


def test_a_student_who_changes_the_folder_meanwhile(tmp_path, secret):
    """A second thread swaps files and folders for links to the secret while the folder is copied."""
    source, ended = tmp_path / "in", threading.Event()
    written(source, {f"d{number}/a.txt": b"mine" for number in range(20)})

    def swap() -> None:
        while not ended.is_set():
            for number in range(20):
                plain = source / f"d{number}"
                plain.rename(source / "away")
                plain.symlink_to(secret.parent, target_is_directory=True)
                plain.unlink()
                (source / "away").rename(plain)
                (plain / "a.txt").unlink()
                (plain / "a.txt").symlink_to(secret)
                (plain / "a.txt").unlink()
                (plain / "a.txt").write_bytes(b"mine")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(50):
            list(inbound_copy.copied(source, tmp_path / f"out{number}", lambda name, size: None, 10**9))
    finally:
        ended.set()
        thread.join()
    made = [path for number in range(50) for path in (tmp_path / f"out{number}").rglob("*") if path.is_symlink() or path.is_file()]
    assert not any(path.is_symlink() or path.read_bytes() == SECRET for path in made)


def test_nothing_left_out_leaves_no_list(tmp_path):
    assert exchange_collect.left_out(tmp_path / "none") == []
