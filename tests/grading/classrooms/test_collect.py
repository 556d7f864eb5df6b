"""Tests that `course collect` imports folders, zips and the exchange into `submitted/`, loses nothing, and keeps students separate."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from course import cli
from course.grading.classroom import import_submissions, submitted_files
from tests.grading.classrooms.hand_ins import IPYNB, answer, collect, kept, nbgrader, notebook, written, zipped
from tests.grading.nbgrader_course import LESSON, NOTEBOOK


def test_canvas(root, tmp_path, capsys):
    zipped(
        tmp_path / "submissions.zip",
        {
            f"lovelaceada_LATE_411_9001_{NOTEBOOK}-2.ipynb": notebook("ada's"),
            "lovelaceada_LATE_411_9002_essay.ipynb": notebook("another"),
            "noycebob_412_9003_work.zip": zipped(None, {f"home/{IPYNB}": notebook("bob's"), "home/given/mine.py": b"x", "top.txt": b"t"}),
            f"hoppergrace_77_9004_{IPYNB}": notebook("grace's"),
            "../../evil.ipynb": b"evil",
        },
    )
    log = collect(root, capsys, "--zip", tmp_path / "submissions.zip", expect=1)
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")
    assert (root / "submitted/bob" / LESSON / "given/mine.py").read_bytes() == b"x"
    assert "essay.ipynb is not a notebook of the lesson; it was kept" in log and "Canvas marks it as late" in log
    assert "nothing yet from: cy." in log
    assert kept(root, "unclaimed/submissions") == {f"hoppergrace_77_9004_{IPYNB}": notebook("grace's")}
    assert "Refused: ../../evil.ipynb: its path leads out of the folder." in log
    assert not list(tmp_path.glob("**/evil*"))


def test_moodle_with_its_worksheet(root, tmp_path, capsys):
    zipped(
        tmp_path / "moodle.zip",
        {
            f"Ada Lovelace_98001_assignsubmission_file_/{IPYNB}": notebook("ada's"),
            "Ada Lovelace_98001_assignsubmission_file_/timestamp.txt": b"2001-01-01 00:00:00 UTC",  # a time that the student wrote
            f"Participant_98002_assignsubmission_file_/{NOTEBOOK} (3).ipynb": notebook("bob's"),
        },
    )
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(
        'Identifier,"Full name","Email address",Status,"Last modified (submission)"\n'
        '"Participant 98001","Ada Lovelace",ada@example.org,Submitted,"Wednesday, 14 January 2026, 2:14 PM"\n'
        '"Participant 98002",,bob@example.org,Submitted,-\n'
    )
    log = collect(root, capsys, "--zip", tmp_path / "moodle.zip", "--times", worksheet)
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's") and "not known" in log
    assert (root / "submitted/ada" / LESSON / "timestamp.txt").read_text() == "2026-01-14 14:14:00.000000 UTC"
    cli.main(["class", "status", "--root", str(root)])
    status = capsys.readouterr().out
    assert "late by 38 hours" in status and "no time known" in status


def test_a_folder_and_the_newest_wins(root, tmp_path, capsys):
    def hand_in(text: str, stamp: str | None) -> Path:
        folder = tmp_path / f"in-{text}"
        files = {f"ada/{LESSON}/{IPYNB}": notebook(text), f"ada/{LESSON}/attempts.jsonl": b"{}"}
        return written(folder, files | ({f"ada/{LESSON}/timestamp.txt": stamp.encode()} if stamp else {}))

    first, second = hand_in("first", "2026-01-10 10:00:00 UTC"), hand_in("second", "2026-01-11 10:00:00 UTC")
    assert "new" in collect(root, capsys, "--from", first)
    assert (root / "submitted/ada" / LESSON / "attempts.jsonl").is_file()
    assert "as it was" in collect(root, capsys, "--from", first)
    assert "newer" in collect(root, capsys, "--from", second) and answer(root, "ada") == "second"
    assert json.loads(kept(root, "earlier/ada")[f"2026-01-10T100000Z/{IPYNB}"])["metadata"]["answer"] == "first"
    for _ in range(2):
        assert "older, kept beside" in collect(root, capsys, "--from", first) and answer(root, "ada") == "second"
    undated = hand_in("undated", None)
    assert "newer" in collect(root, capsys, "--from", undated) and answer(root, "ada") == "undated"
    assert (
        "older" in collect(root, capsys, "--from", hand_in("second", None)) and answer(root, "ada") == "undated"
    )  # it was replaced before
    answers = [json.loads(content)["metadata"]["answer"] for name, content in kept(root, "earlier/ada").items() if name.endswith(IPYNB)]
    assert sorted(answers) == ["first", "second"]


def test_unmatched_files_are_kept_once_each(root, tmp_path, capsys):
    folder = written(tmp_path / "in", {"adam/a.ipynb": b"1", "bob/b.ipynb": b"2"})
    for _ in range(2):
        assert "Unmatched: adam/a.ipynb (no student is called 'adam')" in collect(root, capsys, "--from", folder, expect=1)
    written(folder, {"adam/a.ipynb": b"other"})
    collect(root, capsys, "--from", folder, expect=1)
    assert kept(root, "unclaimed/in") == {"adam/a.ipynb": b"1", "adam/a~2.ipynb": b"other"}


PRINTABLE = ["[red]mine.ipynb", ":bug:.ipynb", "[link=e.org].ipynb", "[.ipynb", "[@click=app.bell()].ipynb"]
OTHERS = ["esc\x1b[31m.ipynb", "turned\u202e.ipynb", os.fsdecode(b"half\xff[b].ipynb")]


def test_names_of_files_are_shown_as_they_are_and_end_nothing(root, tmp_path, capsys):
    """In every place where a name is shown: as a remark, unmatched, and refused."""
    for name in PRINTABLE:
        written(tmp_path / "in", {f"ada/{IPYNB}": notebook("ada's"), f"ada/{name}": b"{}", f"nobody {name}/{name}": b"{}"})
    written(tmp_path / "in", {"nobody/[/red].ipynb": b"{}", "ada/[/red].zip": b"broken"})  # closing tags of nothing
    written(tmp_path / "in", {f"bob/{name}": b"{}" for name in OTHERS})
    (tmp_path / "in" / "bob" / "[bold]").symlink_to("/etc/passwd")
    log = collect(root, capsys, "--from", tmp_path / "in", expect=1)
    for name in PRINTABLE:
        assert f"{name} is not a notebook of the lesson; it was kept" in log
        assert f"Unmatched: nobody {name}/{name}" in log
    assert "[/red].zip was kept unopened" in log and "Unmatched: nobody/[/red].ipynb" in log
    assert "Refused: bob/[bold]: it is a link" in log
    assert log.count("its name has characters that cannot be shown") == len(OTHERS)
    assert "\x1b" not in log and "\u202e" not in log
    assert {*PRINTABLE, IPYNB, "["} == {path.name for path in (root / "submitted/ada" / LESSON).iterdir()}


def test_one_bomb_and_the_others_go_on(root, tmp_path, capsys, monkeypatch):
    small = submitted_files.limits() | {"bytes": 100_000, "files": 50}
    monkeypatch.setattr(submitted_files, "limits", lambda: small)
    deep = {"x.txt": b"deep"}
    for _ in range(5):
        deep = {"again.zip": zipped(None, deep)}
    zipped(
        tmp_path / "class.zip",
        {
            "ada/work.zip": zipped(None, {"big": b"0" * 200_000}),
            f"bob/{IPYNB}": notebook("bob's"),
            "bob/deep.zip": zipped(None, deep),
            "bob/broken.zip": b"PK no",
            **{f"cy/{i}": b"" for i in range(60)},
        },
    )
    log = collect(root, capsys, "--zip", tmp_path / "class.zip", expect=1)
    assert "Refused: ada: unpacked, its files have more than 100,000 bytes." in log
    assert "Refused: cy: it has more than 50 files." in log
    assert answer(root, "bob") == "bob's" and (root / "submitted/bob" / LESSON / "broken.zip").read_bytes() == b"PK no"
    assert "was not opened" in log and "was kept unopened" in log
    assert sorted(path.name for path in (root / "submitted").iterdir()) == ["bob"]


def test_the_exchange(root, tmp_path, capsys, monkeypatch):
    exchange = tmp_path / "exchange"
    for who, when, text in (("ada", "08", "first"), ("ada", "11", "second"), ("grace", "11", "grace's")):
        stamp = f"2026-01-{when} 10:00:00.000000 UTC"
        folder = exchange / "spring" / "inbound" / f"{who}+{LESSON}+{stamp}+x"
        written(folder, {IPYNB: notebook(text), "timestamp.txt": stamp.encode()})
    exchange.chmod(0o777)
    path = root / "class.yaml"
    path.write_text(path.read_text().replace("exchange: null", f"exchange: {exchange}"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    log = collect(root, capsys, expect=1)
    assert answer(root, "ada") == "second" and "2026-01-11 10:00" in log
    assert f"grace/{LESSON}/{IPYNB}" in kept(root, "unclaimed/exchange")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a folder with --from or a zip with --zip"),
        (["--from", "none"], "there is no folder none"),
        (["--zip", "none.zip"], "cannot be read as a zip"),
        (["--from", "."], "has nothing for"),
        (["--from", ".", "--times", "none.csv"], "none.csv cannot be read"),
        (["--exchange"], "class.yaml has no exchange"),
    ],
)
def test_what_cannot_be_done_is_said(root, tmp_path, capsys, monkeypatch, arguments, words):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert words in collect(root, capsys, *arguments, expect=2)


def test_an_empty_class_and_an_unknown_lesson_are_refused(root, tmp_path, capsys):
    assert cli.main(["collect", "m99", "--root", str(root), "--from", str(tmp_path)]) == 2
    assert "assignment 'm99' is not released" in capsys.readouterr().err
    (root / "gradebook.db").unlink()
    assert "the gradebook has no students" in collect(root, capsys, "--from", tmp_path, expect=2)


def test_times_that_cannot_be_read(root, tmp_path, capsys):
    table = tmp_path / "times.csv"
    table.write_text("id,submitted\nada,2026-01-10 10:00\nbob,yesterday-ish\n")
    assert "times.csv, line 3: 'yesterday-ish' is not a readable time" in collect(
        root, capsys, "--from", tmp_path, "--times", table, expect=2
    )


def test_plain_zip_collect_reads_the_same_names(root, tmp_path):
    archive = root / "downloaded" / LESSON / "archive"
    archive.mkdir(parents=True)
    zipped(
        archive / "submissions.zip",
        {f"lovelaceada_411_9001_{NOTEBOOK}-1.ipynb": notebook("ada's"), f"Bob Noyce_9_assignsubmission_file_/{IPYNB}": notebook("bob's")},
    )
    nbgrader(root, "zip_collect", LESSON)
    assert (answer(root, "ada"), answer(root, "bob")) == ("ada's", "bob's")


def test_a_staged_submission_is_never_half_there(root, tmp_path, monkeypatch):
    """The process ends between the two steps of a replacement: one submission is in place, the other is kept."""
    course = import_submissions.CourseFolder(root)
    there = written(course.submission("ada", LESSON), {IPYNB: notebook("first")})
    staged = written(root / ".collect-x" / "ada", {IPYNB: notebook("second")})
    rename, moved = Path.rename, []

    def dies_at_the_second(self: Path, target: Path) -> Path:
        if moved:
            raise KeyboardInterrupt
        moved.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        import_submissions.import_submission(staged, course, "ada", LESSON, None)
    monkeypatch.undo()
    assert not there.exists() and [json.loads(c)["metadata"]["answer"] for c in kept(root, "earlier/ada").values()] == ["first"]
    import_submissions.import_submission(staged, course, "ada", LESSON, None)
    assert answer(root, "ada") == "second"
