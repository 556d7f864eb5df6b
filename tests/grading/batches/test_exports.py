"""Tests that the exports are valid whatever a report says."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading import characters
from course.grading.batches import exports
from course.grading.batches.result import Result

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


def result(said: str) -> Result:
    part = {"name": "found", "share": 0.0, "points": 1.0, "message": said, "hint": said}
    report = {"problem": said, "parts": [part]}
    graded = {"m98_1_ex1": {"score": 0.5, "points": 1.0, "fault": "", "report": report}}
    ungraded = {"m98_1_ex2": {"score": None, "points": 1.0, "fault": said, "report": None}}
    return Result("alice", "m98_traps", "m98_1_traps", "key", fault=said, exercises=graded | ungraded)


@given(ANY_TEXT)
def test_junit_is_valid_xml(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    path = tmp_path_factory.getbasetemp() / "junit.xml"
    exports.junit([result(said)], path)
    failure = ElementTree.parse(path).find(".//failure")
    assert failure is not None and failure.text is not None and failure.text.startswith(characters.xml(said).replace("\r", "\n")[:1])


@given(ANY_TEXT)
def test_a_result_can_be_written_and_read(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "results"
    result(said).write(folder)
    read = Result.read(folder, "m98_1_traps")
    assert read is not None and read.fault == json.loads(characters.writable(json.dumps(said, ensure_ascii=False)))
