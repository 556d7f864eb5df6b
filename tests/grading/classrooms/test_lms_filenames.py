"""Tests that file names from Canvas and Moodle are matched to students, whatever else the names contain."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.classroom import lms_filenames
from course.grading.classroom.lms_filenames import ParsedFilename, canvas, moodle
from course.grading.classroom.roster import Student
from course.grading.classroom.student_matcher import NoMatch, OtherLesson, Participant, StudentMatch, StudentMatcher

CLASS = [
    Student("ada", "Ada", "Lovelace", lms_user_id="411"),
    Student("jo.b", "José", "de la Cruz", lms_user_id="412"),
    Student("tw1", "Kim", "Lee"),
    Student("tw2", "Lee", "Kim"),
    Student("ada2", "Ada", "Byron-King"),
]


def find(path: str, **participants: str) -> StudentMatch | NoMatch | OtherLesson:
    numbers = {number: Participant(student) for number, student in participants.items()}
    return StudentMatcher(CLASS, "m00_start", ["m00_start", "m02_data"], numbers).find(path.split("/"))


MATCHED = [
    ("lovelaceada_411_9001_m00_start.ipynb", "ada", "m00_start.ipynb"),
    ("lovelaceada_LATE_411_9001_m00_start-1.ipynb", "ada", "m00_start-1.ipynb"),
    ("delacruzjosé_412_9002_my_own_3_name.ipynb", "jo.b", "my_own_3_name.ipynb"),
    ("byronkingada_999_9003_m00_start.ipynb", "ada2", "m00_start.ipynb"),  # matched by name: the roster has no number
    ("lovelaceada_411_text.html", "ada", "text.html"),
    ("lovelaceada_411_9001_x/nb.ipynb", "ada", "nb.ipynb"),  # a zip of Canvas' that was unpacked
    ("Ada Lovelace_98001_assignsubmission_file_/m00_start.ipynb", "ada", "m00_start.ipynb"),
    ("Ada Lovelace_98001_assignsubmission_file/given/variants.py", "ada", "given/variants.py"),
    ("Lovelace Ada_98001_assignsubmission_file_m00_start.ipynb", "ada", "m00_start.ipynb"),
    ("Group 3-José de la Cruz_98002_assignsubmission_file_/m00_start.ipynb", "jo.b", "m00_start.ipynb"),
    ("Ada Lovelace_98001_assignsubmission_onlinetext_/onlinetext.html", "ada", "onlinetext.html"),
    ("Participant_98009_assignsubmission_file_/m00_start.ipynb", "tw2", "m00_start.ipynb"),
    ("ada/m00_start.ipynb", "ada", "m00_start.ipynb"),
    ("ADA/m00_start/given/x.csv", "ada", "given/x.csv"),
    ("m00_start/ada2/m00_start.ipynb", "ada2", "m00_start.ipynb"),
    ("ada.zip", "ada", "ada.zip"),
    ("ada2_m00_start.ipynb", "ada2", "m00_start.ipynb"),
    ("jo.b-m00_start.ipynb", "jo.b", "m00_start.ipynb"),
    ("ada/lovelaceada_412_1_m00.ipynb", "ada", "lovelaceada_412_1_m00.ipynb"),  # in her folder, under any name
]


def test_a_file_is_matched_to_its_student():
    for path, student, file in MATCHED:
        found = find(path, **{"98009": "tw2"})
        assert isinstance(found, StudentMatch), (path, found)
        assert (found.student, "/".join(found.file)) == (student, file), path


def test_late_as_canvas_marks_it():
    assert find("lovelaceada_LATE_411_9001_m00_start.ipynb").late and not find("lovelaceada_411_9001_LATE.ipynb").late


UNMATCHED = [
    ("hopper_77_9001_m00_start.ipynb", "no student of the class matches hopper, canvas's number 77"),
    ("anon_411_9001_m00_start.ipynb", "its name can be read as anon_411's and as ada's"),
    ("anon_X1b2_9001_m00_start.ipynb", "no student of the class matches somebody, canvas's number anon_X1b2"),
    ("Kim Lee_5_assignsubmission_file_/m00_start.ipynb", "tw1 and tw2 are both called Kim Lee"),
    ("Grace Hopper_5_assignsubmission_file_/x.ipynb", "no student of the class matches Grace Hopper"),
    ("adam/m00_start.ipynb", "no student is called 'adam'"),
    ("m00_start.ipynb", "no student is called"),
]


def test_a_file_that_matches_no_student_or_two_says_why():
    for path, why in UNMATCHED:
        found = find(path)
        assert isinstance(found, NoMatch) and why in found.why, (path, found)


@pytest.mark.parametrize("path", ["ada/m02_data/m02.ipynb", "m02_data/ada/m02.ipynb"])
def test_another_lesson_is_left_where_it_is(path):
    assert isinstance(find(path), OtherLesson)


WORD = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12)
NUMBER = st.integers(1, 10**12).map(str)
FILE = st.text(st.characters(exclude_characters="/\\\n\r", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30)


def canvas_name(sortable: str, late: bool, user: str, attachment: str, file: str) -> str:
    """A file name as Canvas' `ContentZipper` builds it."""
    plain = re.sub(r"^(\d+)$", r"\1", re.sub(r"_(\d+)_", r"\1", sortable)).lower()
    stem = re.sub(r"\W", "", "_".join([plain, *(["LATE"] if late else []), user]))
    return f"{stem}_{attachment}_{file}"


@given(st.lists(WORD, min_size=1, max_size=3), st.booleans(), NUMBER, NUMBER, FILE)
def test_what_canvas_writes_is_read(words, late, user, attachment, file):
    named = canvas(canvas_name(", ".join(words), late, user, attachment, file))[0]
    assert named == ParsedFilename("canvas", re.sub(r"\W", "", "".join(words).lower()), user, (file,), late)


@given(st.lists(WORD, min_size=1, max_size=3), NUMBER, FILE)
def test_what_moodle_writes_is_read(words, number, file):
    folder = f"{' '.join(words)}_{number}_assignsubmission_file_"
    assert moodle(folder, [file]) == moodle(folder + file) == ParsedFilename("moodle", " ".join(words), number, (file,))


@given(st.lists(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=60), min_size=1, max_size=5))
def test_no_name_stops_it(path):
    found = find("/".join(path))
    assert isinstance(found, StudentMatch | NoMatch | OtherLesson)
    if isinstance(found, StudentMatch):
        assert found.student in {student.id for student in CLASS} and found.file


@given(st.lists(WORD, min_size=1, max_size=3))
def test_names_are_compared_by_their_letters(words):
    assert lms_filenames.plain(" ".join(words)) == lms_filenames.plain("-'".join(words)).casefold()
