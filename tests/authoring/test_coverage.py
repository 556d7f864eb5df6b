"""`course coverage` names what no exercise covers, and whose lesson is to."""

from __future__ import annotations

from pathlib import Path

from course.authoring import coverage
from course.grading import vocabulary

ROOT = Path(__file__).parents[2]


def test_what_is_named_is_no_gap_and_all_else_is(exercises) -> None:
    gaps = {gap.id for gap in coverage.topics(exercises.values())}
    assert gaps == vocabulary.topics().keys() - {"train.channels"}
    assert {gap.id for gap in coverage.skills(exercises.values(), "C01")} == vocabulary.skills("C01").keys() - {"2.2.S1"}
    assert len(coverage.skills(exercises.values(), "C02")) == len(vocabulary.skills("C02"))


def test_the_report_is_no_failure(capsys) -> None:
    assert coverage.main(["--root", str(ROOT)]) == 0
    printed = capsys.readouterr().out
    assert "land.athena" in printed and "(not written yet)" in printed
    assert "skills of MLA-C02" in printed and "train.channels" not in printed


def test_a_folder_without_exercises(tmp_path, capsys) -> None:
    assert coverage.main(["--root", str(tmp_path)]) == 2
    assert "run it in the course's folder" in capsys.readouterr().err
