"""How channels are distributed and ordered, and the formats of manifests and RecordIO."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.shared import recordio
from course.localaws.jobs import manifests
from course.localaws.sagemaker.core.cluster import hosts, resource_config
from course.localaws.sagemaker.training.channels import TrainingChannel

NAMES = st.lists(st.text(min_size=1), max_size=30)


def channel(found: list, seed: int | None, **source: object) -> TrainingChannel:
    request = {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    return TrainingChannel(request | ({} if seed is None else {"ShuffleConfig": {"Seed": seed}}), "File", tuple(found))


@given(st.lists(st.integers(), unique=True), st.integers(1, 12), st.none() | st.integers(), st.integers(0, 5))
def test_shards_are_even_and_hold_everything_once(found: list[int], count: int, seed: int | None, epoch: int) -> None:
    cluster = hosts({"InstanceType": "ml.m5.large", "InstanceCount": count})
    sharded = channel(found, seed, S3DataDistributionType="ShardedByS3Key")
    shards = [sharded.of(cluster, host, epoch) for host in cluster]
    assert sorted(piece for shard in shards for piece in shard) == sorted(found)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    whole = channel(found, seed).of(cluster, cluster[-1], epoch)
    assert sorted(whole) == sorted(found) and (seed is not None or whole == found)
    assert whole == channel(found, seed).of(cluster, cluster[0], epoch)


def test_hosts_are_sorted_as_text() -> None:
    cluster = hosts({"InstanceType": "ml.m5.large", "InstanceCount": 11})
    assert resource_config(cluster, cluster[0])["hosts"][:4] == ["algo-1", "algo-10", "algo-11", "algo-2"]
    assert resource_config(cluster[:1], cluster[0])["network_interface_name"] == "eth0"


@given(st.text(min_size=1), NAMES)
def test_a_manifest_comes_back(prefix: str, names: list[str]) -> None:
    assert manifests.names(json.dumps([{"prefix": prefix}, *names]).encode()) == (prefix, names)


@pytest.mark.parametrize("text", ["", "{}", "[]", '["s3://a/b"]', '[{"prefix": ""}, "a"]', '[{"prefix": "s3://b/"}, 5]', '[{"prefix": 1}]'])
def test_a_malformed_manifest_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        manifests.names(text.encode())


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text() | st.integers() | st.lists(st.integers()))))
def test_records_have_the_attributes_in_order(documents: list[dict]) -> None:
    documents = [{"a": 1, "b-ref": "s3://x/y", **document} for document in documents]
    text = "\n".join(map(json.dumps, documents)).encode()
    got = list(manifests.records(text, ["b-ref", "a"]))
    assert [[name for name, _ in line] for line in got] == [["b-ref", "a"]] * len(documents)
    for document, (_, (_, value)) in zip(documents, got, strict=True):
        assert value == document["a"] or json.loads(value) == document["a"]


@pytest.mark.parametrize(
    ("text", "word"), [('{"a": 1}\n{', "line 2"), ("[1]", "line 1"), ('{"a": 1}\n\n{"b": 1}', "line 3 has no attribute 'a'")]
)
def test_malformed_records_are_refused(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        list(manifests.records(text.encode(), ["a"]))


def unframed(data: bytes) -> list[bytes]:
    """The records of a RecordIO stream, parsed by its specification."""
    records, parts, place = [], [], 0
    while place < len(data):
        magic, word = struct.unpack_from("<II", data, place)
        assert magic == 0xCED7230A
        part, length = word >> 29, word & (1 << 29) - 1
        parts.append(data[place + 8 : place + 8 + length])
        place += 8 + length + -length % 4
        if part in (0, 3):
            records.append(b"".join(parts))
            parts = []
    return records


@given(st.lists(st.binary(max_size=40), max_size=4), st.integers(4, 16))
def test_frames_of_any_length_come_back(chunks: list[bytes], longest: int) -> None:
    whole = b"".join(chunks)
    framed = b"".join(recordio.frames(len(whole), chunks, longest))
    assert unframed(framed) == [whole] and len(framed) % 4 == 0
    for wrong in (len(whole) + 1, len(whole) - 1):
        with pytest.raises(ValueError):
            list(recordio.frames(wrong, chunks, longest))
