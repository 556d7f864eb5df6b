"""Tests files from folders and zips: no name leads to a write outside the folder, and sizes are limited."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.classroom import submitted_files
from course.grading.classroom.submitted_files import SubmissionRejected, SubmittedFile, in_folder, in_zip, plain_path
from tests.error_messages import error_message


def zipped(**files: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def names(found: submitted_files.Found) -> list[str]:
    return [each.name if isinstance(each, SubmittedFile) else f"REFUSED {each[0]}: {each[1]}" for each in found]


@given(st.text(max_size=300))
def test_a_plain_path_stays_where_it_is_put(tmp_path_factory, name):
    try:
        parts = plain_path(name)
    except SubmissionRejected:
        return
    root = tmp_path_factory.getbasetemp()
    inside = root.joinpath(*parts)
    assert inside.relative_to(root).parts == parts and ".." not in parts and "\x00" not in name


TRICKS = ["../x", "a/../../x", "/etc/passwd", "..\\x", "C:\\x", "a\x1b[2Jb", "x" * 201, "/".join("a" * 21), "é" * 101, ".", "a\u202eb"]


def test_path_tricks_are_refused():
    for name in TRICKS:
        assert error_message(SubmissionRejected, plain_path, name) != "nothing was raised", name


def test_a_zip_of_good_and_bad(tmp_path):
    file = zipped(**{"ada/a.ipynb": b"1", "../evil": b"2", "__MACOSX/ada/._a": b"3", "ada/.DS_Store": b"4", "b\\c.txt": b"5"})
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("ada/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert names(in_zip(file)) == [
        "ada/a.ipynb",
        "REFUSED ../evil: its path leads out of the folder",
        "b/c.txt",
        "REFUSED ada/link: it is a link",
    ]


def test_names_in_utf8_that_are_not_marked_so():
    info = zipfile.ZipInfo("José.ipynb".encode().decode("cp437"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, b"x")
    raw = bytearray(file.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # as some programs write it: UTF-8 bytes without the UTF-8 flag
        at = raw.index(signature)
        (flags,) = struct.unpack_from("<H", raw, at + offset)
        struct.pack_into("<H", raw, at + offset, flags & ~0x800)
    plain = bytes(raw).replace(info.filename.encode(), "José.ipynb".encode().ljust(len(info.filename.encode()), b"_"))
    assert names(in_zip(io.BytesIO(plain)))[0].startswith("José.ipynb")


def test_a_file_that_is_not_a_zip_is_refused(tmp_path):
    path = tmp_path / "no.zip"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SubmissionRejected, match="cannot be read as a zip"):
        list(in_zip(path))


def test_a_zip_bomb_is_refused_by_its_unpacked_size(tmp_path):
    (entry,) = in_zip(zipped(bomb=b"0" * 3_000_000))
    with pytest.raises(SubmissionRejected, match="more than"):
        submitted_files.copy(entry, tmp_path / "bomb", 1_000_000)
    assert submitted_files.copy(entry, tmp_path / "fits", 3_000_000) == 3_000_000


def test_damaged_and_encrypted_content(tmp_path):
    damaged = bytearray(zipped(a=bytes(range(256)) * 40).getvalue())
    damaged[60] ^= 0xFF
    (entry,) = in_zip(io.BytesIO(bytes(damaged)))
    with pytest.raises(SubmissionRejected, match="cannot be unpacked"):
        submitted_files.copy(entry, tmp_path / "a", 10**6)
    secret = bytearray(zipped(a=b"x").getvalue())
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    assert names(in_zip(io.BytesIO(bytes(secret)))) == ["REFUSED a: it is encrypted"]


def test_a_folder_with_links(tmp_path):
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "in" / "ada"
    folder.mkdir(parents=True)
    (folder / "a.ipynb").write_text("1")
    (folder / "link.ipynb").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    assert names(in_folder(tmp_path / "in")) == [
        "ada/a.ipynb",
        "REFUSED ada/link.ipynb: it is a link or not a regular file",
        "REFUSED ada/up: it is a link or not a regular file",
    ]


@given(st.binary(max_size=400))
def test_no_bytes_stop_it(tmp_path_factory, content):
    path = Path(tmp_path_factory.getbasetemp(), "any.zip")
    path.write_bytes(content)
    with pytest.raises(SubmissionRejected):
        for each in in_zip(path):
            assert isinstance(each, SubmittedFile | tuple)
        raise SubmissionRejected("it was a zip after all")
