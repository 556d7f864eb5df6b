"""Teaching notes match their lessons and hold no answer. A note is refused if a part is missing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from course import canary, cli
from course.authoring import declaration
from course.authoring.teaching import NOTES, note
from course.regression.demo_class import reference_answers

ROOT = Path(__file__).parents[2]
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("m*"))
LESSON = "m00_start"


def test_the_teaching_notes_match_their_lessons():
    assert cli.main(["teaching-note", "--check"]) == 0
    assert sorted(path.stem for path in (ROOT / NOTES).glob("*.md")) == LESSONS


def test_they_contain_no_answer():
    assert canary.leaks(ROOT / NOTES) == []
    for lesson in LESSONS:
        text = (ROOT / NOTES / f"{lesson}.md").read_text()
        for solution in (ROOT / "solutions" / lesson).glob("*.ipynb"):
            for code in reference_answers(solution).values():
                kept = re.findall(r"### BEGIN SOLUTION\n(.+?)### END SOLUTION", code, re.DOTALL)
                lines = {line.strip() for region in kept for line in region.splitlines() if len(line.strip()) > 12}
                assert lines and not [line for line in lines if line in text]


@pytest.fixture
def root(tmp_path) -> Path:
    for name in ("graders", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "solutions" / LESSON, tmp_path / "solutions" / LESSON)
    return tmp_path


def test_the_content_of_a_teaching_note():
    text = note(ROOT, LESSON)
    assert "30 minutes, the first answer after three. 4 points. Services: S3" in text
    assert "| 0.1 | Write a flight as the model reads it | 2 |" in text
    assert (
        '*The time column is a number, so it goes in as it stands.* (0.1) The check fails in `values`, and says: "... not a number' in text
    )
    assert text.index("### Questions to ask") < text.index("<details><summary>Answers</summary>") < text.index("- To 1:")


def test_written_once_then_fresh_then_stale(root, capsys):
    assert cli.main(["teaching-note", LESSON, "--root", str(root), "--check"]) == 1
    assert "m00_start.md is stale; run `course teaching-note`" in capsys.readouterr().err
    assert cli.main(["teaching-note", LESSON, "--root", str(root)]) == 0
    assert cli.main(["teaching-note", LESSON, "--root", str(root), "--check"]) == 0
    declared = root / declaration.place(LESSON)
    declared.write_text(declared.read_text().replace("Last, ", "Then, ", 1))
    assert cli.main(["teaching-note", LESSON, "--root", str(root), "--check"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong_hhmm_is_hour", "wrong_none", "there is no mistake 'm00_ex1/wrong_none'"),
        ("m00_ex1/wrong_hhmm_is_hour", "m00_ex1/right_frame", "there is no mistake"),
        ("      demo:", "      demos:", "m00_start, teaching has an unknown key 'demos'"),
        ("      goes_wrong:", "    slow:", "m00_start, slow: expected keys (run, gate), but found ["),
        ("      misconceptions: [", "      misconceptions: [] # [", "the teaching of m00_start has no misconceptions"),
        ("  m00_start:", "  m00_other:", "names the notebooks m00_other; the sources are m00_start"),
    ],
)
def test_what_is_missing_is_said(root, capsys, old, new, words):
    declared = root / declaration.place(LESSON)
    declared.write_text(declared.read_text().replace(old, new, 1))
    assert cli.main(["teaching-note", LESSON, "--root", str(root)]) == 2
    assert words in capsys.readouterr().err and not (root / NOTES / f"{LESSON}.md").exists()


def test_a_lesson_without_a_declaration(root, capsys):
    (root / declaration.place(LESSON)).unlink()
    assert cli.main(["teaching-note", LESSON, "--root", str(root)]) == 2
    assert "solutions/m00_start/lesson.yaml is missing" in capsys.readouterr().err


def test_an_unknown_lesson_is_refused(capsys):
    assert cli.main(["teaching-note", "m99_none"]) == 2
    assert "there is no released lesson 'm99_none'" in capsys.readouterr().err
