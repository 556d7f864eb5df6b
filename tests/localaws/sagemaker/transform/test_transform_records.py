"""Property tests of batch transform's records: paths, splitting and packing, filters and joins."""

from __future__ import annotations

import csv
import io
import json
import struct
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.shared import recordio
from course.localaws.jobs import manifests
from course.localaws.jobs.s3_data import InputObject, path_below
from course.localaws.sagemaker.transform import data as transform_data
from course.localaws.sagemaker.transform import json_paths, servers
from course.localaws.sagemaker.transform import split as transform_split
from course.localaws.sagemaker.transform.run import inputs

ROW = list(range(9))
RECORD = {"id": 7, "features": [1, 2, 3], "child": {"a": 1, "b": [{"c": 5}, {"c": 6}]}, "a.b": 0}
NAMES = st.text("abcxyz_", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner)
)
CELLS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n\x00"), max_size=8)
ROWS = st.lists(CELLS, min_size=1, max_size=6).filter(lambda row: row != [""])

# Examples of the developer guide and the API reference. The end of a slice is inclusive.
SELECTED = [
    ("$", ROW, ROW),
    ("$[1:]", ROW, [1, 2, 3, 4, 5, 6, 7, 8]),
    ("$[1:4]", ROW, [1, 2, 3, 4]),
    ("$[:5]", ROW, [0, 1, 2, 3, 4, 5]),
    ("$[5:]", ROW, [5, 6, 7, 8]),
    ("$[1]", ROW, 1),
    ("$[1,3,5]", ROW, [1, 3, 5]),
    ("$[-1]", ROW, 8),
    ("$[0,-1]", ROW, [0, 8]),
    ("$[0,5:]", ROW, [0, 5, 6, 7, 8]),
    ("$[-2:]", ROW, [7, 8]),
    ("$[*]", ROW, ROW),
    ("$.id", RECORD, 7),
    ("$['id']", RECORD, 7),
    ("$['a.b']", RECORD, 0),
    ("$.features", RECORD, [1, 2, 3]),
    ("$.features[0]", RECORD, 1),
    ("$['id','features']", RECORD, {"id": 7, "features": [1, 2, 3]}),
    ("$.child.['a','b']", RECORD, RECORD["child"]),
    ("$.child.*", RECORD, [1, [{"c": 5}, {"c": 6}]]),
    ("$.child.b[*].c", RECORD, [5, 6]),
]


@pytest.mark.parametrize(("path", "value", "selected"), SELECTED, ids=[path for path, _, _ in SELECTED])
def test_paths_select(path: str, value: object, selected: object) -> None:
    assert json_paths.parse(path).select(value) == selected


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("$[0:2,246:]", "only single range filters of format (eg: [1:5]) are supported. Format [0:2,246:] is not supported"),
        ("$.field1.['child1','child2.grandchild']", "additional nesting of children within brackets is not supported"),
        *(
            (path, f"Invalid JsonPath: {path}")
            for path in ("", "id", "$..id", "$[?(@.id)]", "$[", "$[]", "$[1:2:3]", "$['id',1]", "$id", "$.")
        ),
    ],
)
def test_paths_that_aws_does_not_take(path: str, word: str) -> None:
    with pytest.raises(json_paths.PathError) as caught:
        json_paths.parse(path)
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("$[9]", ROW, "index 9 is not within the dimension size 9"),
        ("$[3:9]", ROW, "index 9 is not within"),
        ("$[-10]", ROW, "index -10 is not within"),
        ("$.nothing", RECORD, "it has no attribute 'nothing'"),
        ("$['id','nothing']", RECORD, "it has no attribute 'nothing'"),
        ("$.id", ROW, "it is no object"),
        ("$[0]", RECORD, "it is no array"),
        ("$.id.*", RECORD, "neither attributes nor elements"),
    ],
)
def test_paths_at_which_there_is_nothing(path: str, value: object, word: str) -> None:
    with pytest.raises(json_paths.PathError) as caught:
        json_paths.parse(path).select(value)
    assert str(caught.value).startswith(f"Invalid JsonPath: {path}") and word in str(caught.value)


@given(st.lists(st.integers(), min_size=1, max_size=12), st.data())
def test_slices_and_indexes_say_the_same(row: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(row) - 1))
    end = data.draw(st.integers(start, len(row) - 1))
    listed = ",".join(map(str, range(start, end + 1)))
    sliced = json_paths.parse(f"$[{start}:{end}]").select(row)
    assert sliced == row[start : end + 1] and sliced == json_paths.parse(f"$[{listed},{start}]").select(row)[:-1]
    assert json_paths.parse(f"$[{start - len(row)}]").select(row) == row[start]


@given(st.dictionaries(NAMES, VALUES, min_size=1), st.data())
def test_names_select_what_a_dictionary_has(record: dict, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(record)), min_size=2, unique=True) if len(record) > 1 else st.just(sorted(record)))
    chosen = json_paths.parse(f"$[{','.join(repr(name) for name in names)}]").select(record)
    assert chosen == ({name: record[name] for name in names} if len(names) > 1 else record[names[0]])
    assert json_paths.parse(f"$.{names[0]}").select(record) == record[names[0]]
    assert json_paths.parse("$.*").select(record) == list(record.values())


# Splitting and packing


def tfrecord(data: bytes) -> bytes:
    return struct.pack("<QI", len(data), 1) + data + struct.pack("<I", 2)


def recordio_frame(data: bytes) -> bytes:
    return b"".join(recordio.frames(len(data), [data]))


@given(st.lists(st.binary(max_size=40)), st.sampled_from([("RecordIO", recordio_frame), ("TFRecord", tfrecord)]))
def test_binary_records_are_frames_or_their_content(data: list[bytes], form: tuple) -> None:
    split, frame = form
    frames = [frame(each) for each in data]
    assert list(transform_split.records(io.BytesIO(b"".join(frames)), split, False, None)) == frames
    assert list(transform_split.records(io.BytesIO(b"".join(frames)), split, True, None)) == data


@given(
    st.lists(st.binary(max_size=30).filter(lambda line: line.strip() and b"\n" not in line), min_size=1), st.sampled_from([b"\n", b"\r\n"])
)
def test_lines_have_their_ends(lines: list[bytes], end: bytes) -> None:
    text = end.join(lines)
    assert b"".join(transform_split.records(io.BytesIO(text), "Line", True, None)) == text
    assert list(transform_split.records(io.BytesIO(text + end + end), "Line", False, None)) == [line + end for line in lines]


def test_a_record_of_several_frames_is_one() -> None:
    data = b"x" * 50
    frames = b"".join(recordio.frames(50, [data], longest=20))
    stream = io.BytesIO(frames + recordio_frame(b"y"))
    assert list(transform_split.records(stream, "RecordIO", False, None)) == [frames, recordio_frame(b"y")]


@pytest.mark.parametrize(
    ("split", "data"),
    [
        ("RecordIO", b"text\n" * 9),
        ("RecordIO", b"1"),
        ("RecordIO", recordio_frame(b"12345")[:-4]),
        ("TFRecord", b"1"),
        ("TFRecord", tfrecord(b"12")[:-1]),
    ],
)
def test_what_is_not_of_the_format(split: str, data: bytes) -> None:
    with pytest.raises(recordio.RecordError):
        list(transform_split.records(io.BytesIO(data), split, True, None))


@given(st.lists(st.binary(min_size=1, max_size=10)), st.integers(10, 30))
def test_packs_are_as_full_as_they_may_be(records: list[bytes], largest: int) -> None:
    packs = list(transform_split.packs(records, len, False, largest))
    assert [record for pack in packs for record in pack] == records
    assert all(sum(map(len, pack)) <= largest for pack in packs)
    assert all(sum(map(len, pack)) + len(after[0]) > largest for pack, after in zip(packs, packs[1:], strict=False))
    assert list(transform_split.packs(records, len, True, largest)) == [[record] for record in records]


@pytest.mark.parametrize("split", ["None", "Line", "RecordIO", "TFRecord"])
def test_a_record_larger_than_a_payload_fails(split: str) -> None:
    data = {"RecordIO": recordio_frame, "TFRecord": tfrecord}.get(split, bytes)(b"x" * 101)
    with pytest.raises(transform_split.PayloadTooLarge, match="Too much data for max payload size"):
        list(transform_split.packs(transform_split.records(io.BytesIO(data), split, False, 100), len, False, 100))


# Filters, joins and inference ids


def processing(media: str, began: float | None = None, **members: str) -> transform_data.DataProcessing:
    job = {"TransformInput": {"ContentType": media, "SplitType": "Line"}, "TransformOutput": {"Accept": media}, "DataProcessing": members}
    if began is not None:
        job["DataCaptureConfig"] = {"GenerateInferenceId": True}
    return transform_data.processing(job, began or 0.0)


def line(row: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_csv_is_joined_row_by_row(rows: list[list[str]]) -> None:
    records = [line(row) for row in rows]
    answers = b"".join(line([str(number)]) for number in range(len(rows)))
    joined = processing("text/csv", JoinSource="Input").stored(records, answers)
    assert [next(csv.reader([each.decode()])) for each in joined] == [[*row, str(number)] for number, row in enumerate(rows)]
    ends = processing("text/csv", JoinSource="Input", OutputFilter="$[0,-1]").stored(records, answers)
    assert [next(csv.reader([each.decode()])) for each in ends] == [[row[0], str(number)] for number, row in enumerate(rows)]


@given(st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=4), VALUES)
def test_json_gets_an_attribute(objects: list[dict], answer: object) -> None:
    records = [json.dumps(each).encode() + b"\n" for each in objects]
    answers = b"\n".join([json.dumps(answer).encode()] * len(objects))
    joined = processing("application/jsonlines", JoinSource="Input").stored(records, answers)
    assert [json.loads(each) for each in joined] == [{**each, "SageMakerOutput": answer} for each in objects]
    alone = processing("application/jsonlines", JoinSource="Input", OutputFilter="$.SageMakerOutput").stored(records, answers)
    assert [json.loads(each) for each in alone] == [answer] * len(objects)


def test_a_record_that_is_not_an_object_goes_to_sagemaker_input() -> None:
    [joined] = processing("application/json", JoinSource="Input").stored([b"[1,2]"], b'{\n "label": 1\n}\n')
    assert json.loads(joined) == {"SageMakerInput": [1, 2], "SageMakerOutput": {"label": 1}}


def test_an_input_filter_says_what_the_container_sees() -> None:
    assert processing("text/csv", InputFilter="$[1:]").sent(b'7,"a,b",3\r\n') == b'"a,b",3\n'
    assert processing("text/csv", InputFilter="$[-1]").sent(b"7,8,9") == b"9\n"
    assert (
        processing("application/jsonlines", InputFilter="$.features").sent(b'{"id": 1, "features": [1.5, "\xc3\xbc"]}\n')
        == '[1.5,"ü"]\n'.encode()
    )


def test_inference_ids_are_appended() -> None:
    first, second = processing("text/csv", began=1661820555.0).stored([b"1\n", b"2\n"], b"0\n1\n")
    ids = [each.decode().split(",") for each in (first, second)]
    assert [each[0] for each in ids] == ["0", "1"] and ids[0][1] != ids[1][1] and len(ids[0][1]) == 36
    assert ids[0][2] == "2022-08-30T00:49:15Z"
    [marked] = processing("application/json", began=1661820555.0).stored([b"{}"], b'{"output": 0}')
    assert list(json.loads(marked)) == ["output", "SageMakerInferenceId", "SageMakerInferenceTime"]


@pytest.mark.parametrize(
    ("media", "answer", "word"),
    [
        ("text/csv", b"1\n", "Fail to join data: mismatched line count between the input and the output"),
        ("text/csv", b'1\n"2', "Failed to parse output from the algorithm as CSV"),
        ("application/jsonlines", b"1\n{", "Failed to parse output from the algorithm as JSON"),
        ("application/jsonlines", b"[1,2]", "mismatched line count"),
    ],
)
def test_answers_that_cannot_be_joined(media: str, answer: bytes, word: str) -> None:
    with pytest.raises(transform_data.JoinError, match=word):
        processing(media, JoinSource="Input").stored([b"1\n", b"2\n"], answer)


def test_a_path_of_names_is_refused_for_csv() -> None:
    with pytest.raises(json_paths.PathError, match="only index based paths"):
        processing("text/csv", InputFilter="$.features")


# How records are sent: by the request, the container, or the default


@pytest.mark.parametrize(
    ("job", "offered", "expected"),
    [
        ({}, None, (1, 6, False)),
        ({}, {"MaxConcurrentTransforms": 8, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2}, (8, 2, True)),
        ({"MaxConcurrentTransforms": 0}, {"MaxConcurrentTransforms": 8}, (8, 6, False)),
        ({}, {"MaxConcurrentTransforms": 10**9, "MaxPayloadInMB": 10**9}, (1, 100, False)),
        ({"MaxPayloadInMB": 20}, {"MaxConcurrentTransforms": 8}, (5, 20, False)),
        (
            {"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 0, "BatchStrategy": "MultiRecord"},
            {"MaxConcurrentTransforms": 8, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 2},
            (3, 0, False),
        ),
        ({}, {"MaxConcurrentTransforms": "many", "MaxPayloadInMB": -1, "BatchStrategy": 3}, (1, 6, False)),
        ({}, ["nothing"], (1, 6, False)),
    ],
)
def test_the_request_comes_before_the_container_and_that_before_defaults(job: dict, offered: object, expected: tuple) -> None:
    found = servers.settings(job, offered)
    assert (found.concurrent, found.megabytes, found.single) == expected


@given(st.lists(st.text("ab./", min_size=1, max_size=8), min_size=1, max_size=5, unique=True), st.data())
def test_a_captured_manifest_names_exactly_the_objects_of_the_job(keys: list[str], data: st.DataObject) -> None:
    """As a job reads a manifest: its prefix and a name make the URI of an object, whatever the job's ``S3Uri`` was."""
    prefix = data.draw(st.sampled_from([key[:length] for key in keys for length in range(len(key) + 1)]))
    found = [key for key in keys if key.startswith(prefix) and not key.endswith("/")]
    items = [InputObject(SimpleNamespace(bucket="bucket", key=key), path_below(key, prefix)) for key in found]
    if items:
        start, names = manifests.names(json.dumps(inputs(items)).encode())
        assert [start + name for name in names] == [f"s3://bucket/{key}" for key in found]
        # A folder that holds all objects, as in AWS's guide, and never a part of a name.
        assert start.endswith("/")
