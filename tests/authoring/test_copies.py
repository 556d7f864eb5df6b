"""Given files of several lessons, and given files that checks run: the build copies them from one original."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.authoring import blocks, build, copies, declaration

LESSON = "m90_fixture"
OTHER = Path("solutions", "m91_other", "given", "shared.py")
COPY = Path("solutions", LESSON, "given", "shared.py")
RELEASED = Path("notebooks", LESSON, "given", "shared.py")
FOR_CHECKS = Path("graders", LESSON, "m90_1_shared.py")
OWN = Path("solutions", LESSON, "given", "own.py")


def make(root: Path, *arguments: str) -> int:
    return build.main(["--root", str(root), LESSON, *arguments])


@pytest.fixture
def sharing(root) -> Path:
    """The fixture course, whose lesson copies a file of another lesson, and has a check that runs a given file."""
    for path, text in ((OTHER, '"""Shared."""\n'), (OWN, "ANSWER = 15\n")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    declared = root / declaration.place(LESSON)
    keys = "given_copies: [m91_other/given/shared.py]\ngrader_copies: {m90_1_shared.py: given/own.py}\n"
    declared.write_text(keys + declared.read_text())
    definitions = root / "graders" / LESSON / "m90_1.py"
    definitions.write_text(definitions.read_text() + "\nfrom .m90_1_shared import ANSWER  # noqa: E402, F401\n")
    (root / ".gitattributes").write_text(f"{blocks.COPIES_BEGIN}\n{blocks.COPIES_END}\n")
    return root


def test_the_build_copies_and_releases_them(sharing, capsys):
    assert make(sharing) == 0 and make(sharing, "--check") == 0, capsys.readouterr().err
    text = f'{copies.MARK}{OTHER}\n"""Shared."""\n'
    assert [(sharing / path).read_text() for path in (COPY, RELEASED)] == [text, text]
    assert (sharing / FOR_CHECKS).read_text() == f"{copies.MARK}{OWN}\nANSWER = 15\n"
    lines = (sharing / ".gitattributes").read_text().splitlines()
    assert lines[1:-1] == [f"{path} linguist-generated=true" for path in (FOR_CHECKS, COPY)]
    assert not (sharing / "notebooks" / LESSON / "lesson.yaml").exists()


def test_an_edited_copy_is_found_and_restored(sharing, capsys):
    assert make(sharing) == 0
    for path in (COPY, FOR_CHECKS):
        (sharing / path).write_text((sharing / path).read_text() + "# edited\n")
    assert make(sharing, "--check") == 1
    message = capsys.readouterr().err
    assert all(f"{path} differs from its source" in message for path in (COPY, FOR_CHECKS))
    assert make(sharing) == 0
    assert "edited" not in (sharing / COPY).read_text() + (sharing / FOR_CHECKS).read_text()


def test_an_edited_original_makes_its_copies_stale(sharing, capsys):
    assert make(sharing) == 0
    (sharing / OTHER).write_text('"""Shared, and changed."""\n')
    assert make(sharing, "--check") == 1
    assert f"{COPY} differs" in capsys.readouterr().err and "changed" not in (sharing / RELEASED).read_text()
    assert make(sharing) == 0 and "changed" in (sharing / RELEASED).read_text()


def test_a_copy_that_is_no_longer_declared_is_removed(sharing, capsys):
    assert make(sharing) == 0
    declared = sharing / declaration.place(LESSON)
    declared.write_text(declared.read_text().replace("given_copies: [m91_other/given/shared.py]\n", ""))
    assert make(sharing, "--check") == 1
    assert f"{COPY} has no source" in capsys.readouterr().err
    assert make(sharing) == 0
    assert not (sharing / COPY).exists() and not (sharing / RELEASED).exists()


@pytest.mark.parametrize("original", ["m91_other/given/none.py", f"{LESSON}/given/costs.svg", "m91_other/given/copy.py"])
def test_what_cannot_be_copied_is_refused(sharing, capsys, original):
    shutil.copy(sharing / OTHER, sharing / OTHER.parent / "copy.py")
    (sharing / OTHER.parent / "copy.py").write_text(f"{copies.MARK}{OTHER}\n")
    declared = sharing / declaration.place(LESSON)
    declared.write_text(declared.read_text().replace("m91_other/given/shared.py", original))
    assert make(sharing) == 1
    assert f"cannot copy solutions/{original}" in capsys.readouterr().err
