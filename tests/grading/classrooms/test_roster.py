"""Tests rosters, made by hand or exported by Canvas and Moodle, and the errors for unusable ones."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.classroom.roster import RosterError, Student, id_problem, read, split_name

ADA = Student("ada", "Ada", "Lovelace", "ada@example.org", "411")
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Essay (12),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,10.00,(read only)
"Lovelace, Ada",411,S-77,ada,Class A,9.00,90.0
"de la Cruz, José",412,S-78,jose,Class A,,
"Student, Test",413,,0f3a0f3a,Class A,,
"""
CANVAS_GROUPS = """name,canvas_user_id,user_id,login_id,sections,group_name
Ada Lovelace,411,S-77,ada,Class A,
"""
MOODLE_GRADES = """First name\tLast name\tID number\tInstitution\tDepartment\tEmail address\tCourse total (Real)\tLast downloaded
Ada\tLovelace\tada\t\t\tada@example.org\t9.00\t1764000000
"""
MOODLE_WORKSHEET = """Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Last modified (submission)"
"Participant 98001","Ada Lovelace",ada,ada@example.org,"No submission",,10.00,-
"""
MOODLE_PEOPLE = "First name;Surname;Email address;Groups\nAda;Lovelace;ada@example.org;\n"


@pytest.fixture
def roster(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "roster.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def said(path: Path, **options: str) -> str:
    with pytest.raises(RosterError) as error:
        read(path, **options)
    return str(error.value)


ROSTERS = [
    ("id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@example.org,411\n", [ADA]),
    ("\ufeffemail;ID;notes\r\nada@example.org;ada;x\r\n\r\n", [Student("ada", email="ada@example.org")]),
    ("id\nada\nbob", [Student("ada"), Student("bob")]),
    (CANVAS, [Student("ada", "Ada", "Lovelace", "", "411"), Student("jose", "José", "de la Cruz", "", "412")]),
    (CANVAS_GROUPS, [Student("ada", "Ada", "Lovelace", "", "411")]),
    (MOODLE_GRADES, [Student("ada", "Ada", "Lovelace", "ada@example.org")]),
    (MOODLE_WORKSHEET, [Student("ada", "Ada", "Lovelace", "ada@example.org")]),
    (MOODLE_PEOPLE, [Student("ada@example.org", "Ada", "Lovelace", "ada@example.org")]),
    ("id,first_name\nada,Ada\n".encode("utf-16"), [Student("ada", "Ada")]),
]


def test_every_format_of_a_roster_is_read(roster):
    for content, students in ROSTERS:
        assert read(roster(content)) == students, content


def test_another_encoding_and_another_column_of_ids(roster):
    path = roster("id,first_name,matriculation\nx,José,77\n".encode("cp1252"))
    assert "line 2: byte 0xe9 is not UTF-8" in said(path) and "--encoding" in said(path)
    assert read(path, encoding="cp1252", id_column="Matriculation") == [Student("77", "José")]
    assert "there is no encoding" in said(path, encoding="klingon")
    assert "no column 'login'" in said(path, encoding="cp1252", id_column="login")


WRONG_ROSTERS = [
    ("", "is empty"),
    ("id,first_name\n", "no student"),
    ("name,mail\nAda,x\n", "line 1: there is no column `id`"),
    ("id,id\na,b\n", "line 1: the heading 'id' occurs twice"),
    ("id\nada\nbob\n\nada\n", "line 5: the id 'ada' is also in line 2."),
    ("id\nada\nAda\n", "line 3: the id 'Ada' is also in line 2 as 'ada'"),
    ("id,email\n,x@example.org\n", "line 2: the id is empty"),
    ("id\n../ada\n", "line 2: the id '../ada' contains '/'"),
    ("id\n..\n", "line 2: the id '..' cannot be the name of a folder"),
    ("id\nCON\n", "cannot be the name of a folder"),
    ("id\n" + "a" * 101 + "\n", "more than 100 characters"),
    ("id,lms_user_id\na,7\nb,7\n", "line 3: the lms_user_id '7' is also in line 2"),
    ('id,first_name\na,"Ada\nb,Bob\n', "line 2: unexpected end of data"),
    ("id,first_name\na," + "x" * 129 + "\n", "line 2: first_name has more than 128"),
]


def test_a_wrong_roster_is_refused_with_the_line(roster):
    for content, words in WRONG_ROSTERS:
        message = said(roster(content))
        assert words in message, (content, message)


def test_all_that_is_wrong_is_said_at_once(roster):
    assert len(said(roster("id\n/\nada\nada\n")).splitlines()) == 2


def test_a_roster_that_is_not_there(tmp_path):
    assert "cannot be read: No such file" in said(tmp_path / "none.csv")


@given(st.text(max_size=120))
def test_an_id_without_a_problem_names_a_folder_here(tmp_path_factory, name):
    if not id_problem(name):
        folder = tmp_path_factory.getbasetemp() / "ids" / name
        folder.mkdir(parents=True, exist_ok=True)
        assert folder.parent.name == "ids" and folder.resolve() == folder


WORD = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=5), st.sampled_from([",", ";", "\t"]))
def test_a_table_that_was_written_is_read(tmp_path_factory, people, delimiter):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    rows = io.StringIO()
    csv.writer(rows, delimiter=delimiter).writerows(
        [["id", "first_name", "last_name"], *([f"s{i}", *each] for i, each in enumerate(people))]
    )
    path.write_text(rows.getvalue(), encoding="utf-8")
    assert [student.id for student in read(path)] == [f"s{i}" for i in range(len(people))]


@given(WORD, WORD)
def test_both_ways_of_writing_a_name(first, last):
    assert split_name(f"{last}, {first}") == split_name(f"{first} {last}") == (first, last)
