"""The build of both notebooks: byte-stable, no secret in the released files, hand edits are found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course import canary
from course.authoring import build, notebook
from course.authoring.source import SourceError
from course.grading import catalogue

LESSON = "m90_fixture"
SOLUTION = Path("solutions", LESSON, "m90_1_round_trip.ipynb")
LEARNER = Path("notebooks", LESSON, "m90_1_round_trip.ipynb")


def cells(path: Path) -> dict[str, nbformat.NotebookNode]:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def make(root: Path, *arguments: str) -> int:
    return build.main(["--root", str(root), *arguments])


@pytest.fixture(scope="session")
def built_once(tmp_path_factory, copy) -> Path:
    """The fixture course with its notebooks, for tests to copy: nbgrader takes seconds."""
    root = copy(tmp_path_factory.mktemp("built") / "course")
    assert make(root) == 0
    return root


@pytest.fixture
def built(built_once, tmp_path) -> Path:
    return shutil.copytree(built_once, tmp_path / "course")


@pytest.mark.nightly  # the lane `text` checks the build by day
def test_a_second_build_changes_nothing(built, capsys):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in built.rglob("*.ipynb")}
    assert make(built) == 0 and make(built, "--check") == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in built.rglob("*.ipynb")} == before


def test_the_bytes_do_not_depend_on_the_process(built):
    """Another interpreter with another hash seed derives the same files."""
    done = subprocess.run(
        [sys.executable, "-m", "course.authoring.build", "--check"],
        cwd=built,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_what_learners_get(built):
    assert {str(path.relative_to(built / "notebooks")) for path in (built / "notebooks").rglob("*") if path.is_file()} == {
        f"{LESSON}/m90_1_round_trip.ipynb",
        f"{LESSON}/given/costs.svg",
    }
    assert canary.leaks(built / "notebooks") == []
    assert "return minutes > 15" not in (built / LEARNER).read_text()


def test_the_reference_answers_carry_the_canary(built):
    answers = [cell for cell in cells(built / SOLUTION).values() if cell.metadata.get("nbgrader", {}).get("solution")]
    assert len(answers) == 3 and all(cell.source.count(canary.TOKEN) == 1 for cell in answers)
    compile(answers[1].source, "answer", "exec")


def test_the_stub_is_honest_and_names_its_exercise(built):
    learner = cells(built / LEARNER)
    stub = learner["m90_1_ex2_answer"]
    assert stub.source == (
        "def is_late(minutes: int) -> bool:\n"
        '    """Whether a flight that arrives `minutes` after its schedule is late."""\n'
        '    raise NotImplementedError("Exercise 90.1.2")  # TODO: replace this line by your answer'
    )
    assert stub.metadata.tags == ["raises-exception"]
    assert "tags" not in cells(built / SOLUTION)["m90_1_ex2_answer"].metadata


def test_title_points_hints_and_check_come_from_the_definition(built):
    learner = cells(built / LEARNER)
    text = learner["m90_1_ex2_exercise"].source
    assert text.startswith("### Exercise 90.1.2: Say whether a flight is late (4.5 points)\n\nWrite `is_late(minutes)`")
    assert text.endswith('\n\nStuck? `hint("m90_1_ex2")` shows the first of 3 hints, and each time the next.')
    assert "`len(flights)`" not in text  # learners would read it
    check = learner["m90_1_ex2_check"]
    assert check.source == '# Checks exercise 90.1.2, 4.5 points: shape 1, unseen 3.5\ncheck("m90_1_ex2", is_late=is_late)'
    assert check.metadata.nbgrader.points == 4.5 and check.metadata.nbgrader.grade_id == "m90_1_ex2_check"
    assert check.metadata.editable is False


def test_notebooks_hold_no_outputs_and_one_kernel(built):
    for path in (SOLUTION, LEARNER):
        text = (built / path).read_text()
        node = json.loads(text)
        assert node["metadata"]["kernelspec"]["name"] == "python3"
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in node["cells"] if cell["cell_type"] == "code")
        assert text == json.dumps(node, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        assert len({cell["id"] for cell in node["cells"]}) == len(node["cells"])


def test_ids_do_not_depend_on_answers(root, lesson_text):
    """A hash of a reference answer would let a learner test guesses."""
    make(root)
    before = [cell.id for cell in nbformat.read(root / LEARNER, as_version=4).cells]
    source = root / "solutions" / LESSON / "m90_1_round_trip.py"
    source.write_text(lesson_text.replace("return minutes > 15", "return not minutes <= 15"))
    make(root)
    assert [cell.id for cell in nbformat.read(root / LEARNER, as_version=4).cells] == before


def test_plain_nbgrader_gives_the_same(built):
    before = (built / LEARNER).read_bytes()
    (built / LEARNER).unlink()
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", LESSON, "--force", f"--db=sqlite:///{built}/gradebook.db"],
        cwd=built,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (built / LEARNER).read_bytes() == before


def test_both_notebooks_run_from_top_to_bottom(built, monkeypatch):
    """The reference earns its practice points; the untouched stub earns none, and "Run All" continues after it."""
    monkeypatch.setenv("COURSE_GRADERS", str(built / "graders"))
    for path, flights in ((SOLUTION, "2.0"), (LEARNER, "0.0")):
        node = nbformat.read(built / path, as_version=4)
        NotebookClient(node, timeout=60, resources={"metadata": {"path": str((built / path).parent)}}).execute()
        check = next(cell for cell in node.cells if cell.id == "m90_1_ex1_check")
        assert [output.data["text/plain"] for output in check.outputs if output.output_type == "execute_result"] == [flights]


def test_manual_edits_are_found_and_restored(built, capsys):
    paths = (SOLUTION, LEARNER, Path("notebooks", LESSON, "given", "costs.svg"))
    before = {path: (built / path).read_bytes() for path in paths}
    for path in paths:
        (built / path).write_bytes(before[path].replace(b"flight", b"plane"))
    assert make(built, "--check") == 1
    message = capsys.readouterr().err
    assert all(f"{path} differs from its source" in message for path in paths)
    assert "Run `make notebooks`" in message
    assert make(built) == 0
    assert {path: (built / path).read_bytes() for path in paths} == before


def test_missing_and_stray_files_are_found(built, capsys):
    (built / LEARNER).unlink()
    (built / "notebooks" / LESSON / "extra.ipynb").write_text("{}")
    (built / "notebooks" / "m91_gone").mkdir()
    assert make(built, "--check") == 1
    message = capsys.readouterr().err
    assert f"{LEARNER} is missing" in message
    assert "extra.ipynb has no source" in message
    assert "m91_gone has no source" in message


def test_a_malformed_source_leaves_everything_as_it_was(built, lesson_text, capsys):
    before = {path: path.read_bytes() for path in built.rglob("*.ipynb")}
    source = built / "solutions" / LESSON / "m90_1_round_trip.py"
    source.write_text(lesson_text.replace(":::{warning}", ":::{warnung}"))
    assert make(built) == 1
    line = lesson_text.splitlines().index("# :::{warning}") + 1
    assert f"m90_1_round_trip.py:{line}, cell 13: there is no admonition 'warnung'" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in built.rglob("*.ipynb")} == before


def test_a_secret_beside_a_notebook_is_not_released(built, capsys):
    (built / "solutions" / LESSON / "given" / "notes.txt").write_text(f"{canary.TOKEN}: the answer is 15")
    assert make(built) == 1
    message = capsys.readouterr().err
    assert "learners would get notebooks/m90_fixture/given/notes.txt" in message and "CourseDirectory.ignore" in message


def test_an_unknown_lesson_lists_the_known(root, capsys):
    assert make(root, "m91_none") == 1
    assert "no lesson m91_none; there are m90_fixture." in capsys.readouterr().err


def test_a_notebook_in_another_lessons_folder_is_refused(root, tmp_path, lesson_text):
    (root / "solutions" / LESSON / "m91_1_stray.py").write_text(lesson_text)
    with pytest.raises(SourceError, match="a notebook of lesson m90_fixture begins with m90"):
        build.derive(root, LESSON, catalogue.exercises(root / "graders"), tmp_path / "stage")


def test_points_are_words():
    assert [notebook.points(value) for value in (1, 0.5, 3.0)] == ["1 point", "0.5 points", "3 points"]
