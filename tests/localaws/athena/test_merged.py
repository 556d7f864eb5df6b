"""Queries over many small Parquet files, which Athena merges for itself."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PosixPath

import pyarrow
import pytest
from pyarrow import parquet

from course.localaws.athena.merged import MergedFiles, MergedReads
from course.localaws.server import launch
from tests.localaws import athena_queries
from tests.localaws.athena import merged_kills
from tests.localaws.boto_clients import client_factory

NUMBERS = itertools.count()
COUNT = 80  # more than are read one by one


class ManyFiles:
    """A table of many files, each with the columns ``a`` (its number) and ``b``."""

    def __init__(self, client) -> None:
        self.athena, self.glue, self.s3 = client("athena"), client("glue"), client("s3")
        self.bucket, self.name = f"many-{next(NUMBERS)}", "t"
        self.s3.create_bucket(Bucket=self.bucket)
        self.database = self.bucket.replace("-", "_")
        self.glue.create_database(DatabaseInput={"Name": self.database})
        serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
        columns = [{"Name": "a", "Type": "bigint"}, {"Name": "b", "Type": "string"}]
        storage = {"Columns": columns, "Location": f"s3://{self.bucket}/t/", "SerdeInfo": serde}
        self.glue.create_table(DatabaseName=self.database, TableInput={"Name": "t", "StorageDescriptor": storage, "PartitionKeys": []})
        for number in range(COUNT):
            self.put(number, a=number, b=str(number))

    def put(self, number: int, **row: object) -> None:
        body = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_pylist([row]), body)
        self.s3.put_object(Bucket=self.bucket, Key=f"t/{number}.parquet", Body=body.getvalue())

    def query(self, sql: str) -> tuple[list[list[str | None]], int]:
        """The rows of a query, and the bytes that it scanned."""
        found = athena_queries.run(self.athena, sql, f"s3://{self.bucket}/results/", QueryExecutionContext={"Database": self.database})
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        return athena_queries.lines(self.athena, found)[1:], found["Statistics"]["DataScannedInBytes"]

    def total(self) -> tuple[str, str]:
        ((count, total),), _ = self.query("SELECT count(*), sum(a) FROM t")
        return count, total


@pytest.fixture
def many(client) -> ManyFiles:
    return ManyFiles(client)


def copies(state: Path) -> list[Path]:
    """The merged copies of a local AWS."""
    return [path for path in (state / "athena-merged").iterdir() if not path.name.startswith("merged.db")]


def expected(numbers: range | list[int]) -> tuple[str, str]:
    return str(len(numbers)), str(sum(numbers))


def test_the_same_rows_and_scanned_bytes_every_time(many: ManyFiles):
    first, second = (many.query("SELECT a, b FROM t ORDER BY a") for _ in range(2))
    assert first[0] == second[0] == [[str(number), str(number)] for number in range(COUNT)]
    assert first[1] == second[1] > 0
    assert many.query("SELECT a FROM t")[1] < first[1]


def test_objects_that_come_change_and_go(many: ManyFiles):
    assert many.total() == expected(range(COUNT))
    many.put(1000, a=1000, b="new")
    assert many.total() == expected([*range(COUNT), 1000])
    many.put(0, a=5000, b="changed")
    assert many.total() == expected([*range(1, COUNT), 1000, 5000])
    many.s3.delete_object(Bucket=many.bucket, Key="t/1.parquet")
    assert many.total() == expected([*range(2, COUNT), 1000, 5000])


def test_files_with_other_columns(many: ManyFiles):
    many.put(0, b="no a", c=1)
    many.put(1, a=1.0, b="a fraction")
    assert many.query("SELECT a, b FROM t WHERE a IS NULL OR a = 1 ORDER BY a")[0] == [["1", "a fraction"], [None, "no a"]]
    assert many.total() == (str(COUNT), str(sum(range(COUNT))))


def test_a_table_is_joined_with_itself(many: ManyFiles):
    (((count,),), _) = many.query("SELECT count(*) FROM t x JOIN t y ON x.a = y.a")
    assert count == str(COUNT)


class MovedFile(PosixPath):
    """A file that does something more once it was moved."""

    then: Callable[[], object]

    def replace(self, target: Path) -> Path:
        moved = super().replace(target)
        self.then()
        return moved


def test_the_first_query_comes_while_a_copy_is_added(tmp_path: Path):
    """The offline store adds copies of its own, also before the first query after a start."""
    objects, files = merged_kills.objects(tmp_path), MergedFiles(tmp_path / "state", lambda body: True)
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    copy = MovedFile(tmp_path / "copy")
    copy.write_text("a copy")
    copy.then = lambda: MergedReads(files, folders[0]).piece(objects)
    files.add([each.path.name for each in objects], copy, {})
    [read] = MergedReads(files, folders[1]).piece(objects)["files"]
    assert Path(read).read_text() == "a copy"


def test_a_copy_is_replaced_when_a_query_is_about_to_link_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    objects, files = merged_kills.objects(tmp_path), MergedFiles(tmp_path / "state", lambda body: True)
    link = os.link

    def add(content: str) -> None:
        copy = tmp_path / content
        copy.write_text(content)
        files.add([each.path.name for each in objects], copy, {})

    def link_late(source: Path, target: Path) -> None:
        add("new")
        link(source, target)

    add("old")
    monkeypatch.setattr(os, "link", link_late)
    read = MergedReads(files, tmp_path)
    piece = read.piece(objects)
    assert piece["files"] == [read.requests[0]["name"]]  # the query reads the objects, and makes a copy
    monkeypatch.undo()
    [later] = MergedReads(files, tmp_path).piece(objects)["files"]
    assert Path(later).read_text() == "new"


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_kill_while_a_copy_is_added(tmp_path: Path, step: int):
    program = [sys.executable, "-m", "tests.localaws.athena.merged_kills", str(tmp_path), str(step)]
    ended = subprocess.run(program, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 40 / step


def test_a_copy_whose_file_is_lost_is_made_anew(many: ManyFiles, local_aws: launch.Handle):
    """Earlier releases could lose the file, and then every later query failed."""
    many.total()
    for copy in (lost := copies(local_aws.state)):
        copy.unlink()
    assert many.total() == expected(range(COUNT))
    assert set(copies(local_aws.state)) - set(lost)


@pytest.mark.nightly  # its own local AWS
def test_after_a_restart_and_after_a_reset(tmp_path):
    handle = launch.start(tmp_path / "state")
    try:
        many = ManyFiles(client_factory(handle))
        assert many.total() == expected(range(COUNT))
        many.s3.delete_object(Bucket=many.bucket, Key="t/0.parquet")
        handle.stop()
        handle = launch.start(tmp_path / "state")
        client = client_factory(handle)
        many.athena, many.s3 = client("athena"), client("s3")
        assert many.total() == expected(range(1, COUNT))
        assert [path.name for path in (tmp_path / "state" / "athena-merged").iterdir() if not path.name.startswith("merged.db")]
        handle.reset()
        assert not [path for path in (tmp_path / "state" / "athena-merged").iterdir() if not path.name.startswith("merged.db")]
    finally:
        handle.stop()
