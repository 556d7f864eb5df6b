"""The resource engine: create, refuse, list in pages, tag, and keep everything over a restart."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.billing.usage import UsageStore
from course.localaws.context import Context
from course.localaws.core.clock import Clock
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import ResourceEngine, ResourceKind
from course.localaws.sagemaker.core import quotas
from course.localaws.servicequotas.quotas import ServiceQuotas

ACCOUNT = "123456789012"
WORKER = ResourceKind(
    name="Worker",
    arn="worker",
    missing='Could not find worker "{arn}".',
    exists="Worker {name} exists in {region} ({arn})",
    exists_code="ResourceInUse",
    status="WorkerStatus",
    summary=("Size", "Nested"),
    filters={"SizeEquals": "Nested.Size"},
)
JOB = ResourceKind("Job", "job", "none", "one", status="JobStatus", order="Ascending", status_last=True)
TRAINING = ResourceKind(
    "TrainingJob",
    "training-job",
    "none",
    "one",
    status="TrainingJobStatus",
    usage=lambda document: "training job usage",
    instances=lambda document: [(document["Type"], document["Count"])],
    holding_statuses=("InProgress",),
)


@dataclass
class Store:
    engine: ResourceEngine
    clock: Clock
    context: Context
    elsewhere: Context


@contextmanager
def store(folder: Path) -> Iterator[Store]:
    clock = Clock()
    usage, service_quotas = UsageStore(folder / "usage.db", clock), ServiceQuotas(folder / "quotas.db", clock)
    platform = SimpleNamespace(state=folder, account=ACCOUNT, clock=clock, usage=usage, service_quotas=service_quotas)
    engine = ResourceEngine(platform, "sagemaker", folder / "sagemaker.db", quotas.check_instances)
    yield Store(engine, clock, Context("us-east-1", ACCOUNT, platform), Context("eu-west-1", ACCOUNT, platform))
    engine.close()
    usage.shutdown()
    service_quotas.shutdown()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path) as opened:
        yield opened


def test_what_is_created_is_described(kept):
    arn = kept.engine.create(kept.context, WORKER, "Delay-Worker", {"Size": 3, "WorkerStatus": "Idle", "Tags": [], "_pid": 7})
    document = kept.engine.get(kept.context, WORKER, "Delay-Worker")
    assert arn == "arn:aws:sagemaker:us-east-1:123456789012:worker/delay-worker"
    assert document == {
        "Size": 3,
        "WorkerStatus": "Idle",
        "_pid": 7,
        "WorkerName": "Delay-Worker",
        "WorkerArn": arn,
        "CreationTime": document["CreationTime"],
        "LastModifiedTime": document["CreationTime"],
    }
    assert abs(document["CreationTime"] - kept.clock.now()) < 60


def test_names_are_unique_whatever_their_case_and_only_within_a_region(kept):
    kept.engine.create(kept.context, WORKER, "a", {})
    with pytest.raises(AwsError) as refused:
        kept.engine.create(kept.context, WORKER, "A", {})
    assert refused.value.code == "ResourceInUse"
    assert refused.value.message == "Worker A exists in us-east-1 (arn:aws:sagemaker:us-east-1:123456789012:worker/a)"
    kept.engine.create(kept.elsewhere, WORKER, "a", {})
    kept.engine.create(kept.context, JOB, "a", {})


@pytest.mark.parametrize("act", ["get", "delete", "update"])
def test_what_is_not_there(kept, act):
    arguments = [{}] if act == "update" else []
    with pytest.raises(AwsError) as refused:
        getattr(kept.engine, act)(kept.context, WORKER, "x", *arguments)
    assert (refused.value.code, refused.value.message) == (
        "ValidationException",
        'Could not find worker "arn:aws:sagemaker:us-east-1:123456789012:worker/x".',
    )


def test_an_update_replaces_removes_and_notes_the_time(kept):
    kept.engine.create(kept.context, WORKER, "a", {"Size": 1, "Note": "x"})
    kept.clock.advance(100)
    document = kept.engine.update(kept.context, WORKER, "a", {"Size": 2, "Note": None})
    assert document == kept.engine.get(kept.context, WORKER, "a")
    assert (document["Size"], "Note" in document) == (2, False)
    assert document["LastModifiedTime"] - document["CreationTime"] >= 100


def test_an_update_that_refuses_changes_nothing(kept):
    kept.engine.create(kept.context, WORKER, "a", {"Size": 1})
    before = kept.engine.get(kept.context, WORKER, "a")

    def refuse(document: dict) -> dict:
        document["Size"] = 9
        raise AwsError("ValidationException", "no")

    with pytest.raises(AwsError):
        kept.engine.update(kept.context, WORKER, "a", refuse)
    assert kept.engine.get(kept.context, WORKER, "a") == before


def test_updates_of_many_threads_are_all_kept(kept):
    kept.engine.create(kept.context, WORKER, "a", {"Size": 0})

    def count() -> None:
        for _ in range(25):
            kept.engine.update(kept.context, WORKER, "a", lambda document: {"Size": document["Size"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.engine.get(kept.context, WORKER, "a")["Size"] == 100


def test_what_is_deleted_is_gone_with_its_tags(kept):
    arn = kept.engine.create(kept.context, WORKER, "a", {}, [{"Key": "k", "Value": "v"}])
    kept.engine.delete(kept.context, WORKER, "a")
    assert not kept.engine.exists(arn)
    kept.engine.create(kept.context, WORKER, "a", {})
    assert kept.engine.tags(arn) == []


def test_every_finds_resources_of_all_regions_by_status(kept):
    kept.engine.create(kept.context, WORKER, "a", {"WorkerStatus": "Busy"})
    kept.engine.create(kept.elsewhere, WORKER, "b", {"WorkerStatus": "Busy"})
    kept.engine.create(kept.context, WORKER, "c", {"WorkerStatus": "Idle"})
    found = [(context.region, document["WorkerName"]) for context, document in kept.engine.every(WORKER, ("Busy",))]
    assert sorted(found) == [("eu-west-1", "b"), ("us-east-1", "a")]
    assert len(list(kept.engine.every(WORKER))) == 3


def test_it_is_all_there_after_a_restart(tmp_path):
    with store(tmp_path) as first:
        arn = first.engine.create(first.context, WORKER, "a", {"Size": 1}, [{"Key": "k", "Value": "v"}])
        document = first.engine.get(first.context, WORKER, "a")
    with store(tmp_path) as second:
        assert second.engine.get(second.context, WORKER, "a") == document
        assert second.engine.tags(arn) == [{"Key": "k", "Value": "v"}]
        second.engine.reset()
        assert not second.engine.exists(arn)


# ---- lists ------------------------------------------------------------------------------------------------------------------------


def names(summaries: list[dict]) -> list[str]:
    return [summary["WorkerName"] for summary in summaries]


def create_workers(kept: Store) -> None:
    for name, status, size in (("Anna", "Busy", 2), ("bert", "Idle", 1), ("Carl", "Busy", 1)):
        kept.engine.create(kept.context, WORKER, name, {"WorkerStatus": status, "Size": 9, "Nested": {"Size": size}, "Secret": 1})
        kept.clock.advance(100)
    kept.engine.create(kept.elsewhere, WORKER, "Dora", {})


def test_a_summary_shows_what_the_kind_says(kept):
    create_workers(kept)
    summaries, token = kept.engine.page(kept.context, WORKER, {"NameContains": "bert"})
    members = {"WorkerName", "WorkerArn", "CreationTime", "LastModifiedTime", "WorkerStatus", "Size", "Nested"}
    assert (set(summaries[0]), token) == (members, None)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["Carl", "bert", "Anna"]),
        ({"SortOrder": "Ascending"}, ["Anna", "bert", "Carl"]),
        ({"SortBy": "Name", "SortOrder": "Descending"}, ["bert", "Carl", "Anna"]),
        ({"SortBy": "Status", "SortOrder": "Ascending"}, ["Anna", "Carl", "bert"]),
        ({"SortBy": "Size", "SortOrder": "Ascending"}, ["Anna", "bert", "Carl"]),
        ({"NameContains": "R"}, ["Carl", "bert"]),
        ({"StatusEquals": "Busy"}, ["Carl", "Anna"]),
        ({"StatusEquals": "Busy", "MaxResults": 1}, ["Carl"]),
        ({"SizeEquals": 1, "StatusEquals": "Busy"}, ["Carl"]),
        ({"NameContains": "%"}, []),
    ],
)
def test_filters_and_order(kept, params, expected):
    create_workers(kept)
    assert names(kept.engine.page(kept.context, WORKER, params)[0]) == expected


def test_times_bound_a_list_from_included_to_excluded(kept):
    create_workers(kept)
    bert = kept.engine.get(kept.context, WORKER, "bert")["CreationTime"]
    assert names(kept.engine.page(kept.context, WORKER, {"CreationTimeAfter": bert})[0]) == ["Carl", "bert"]
    assert names(kept.engine.page(kept.context, WORKER, {"CreationTimeBefore": bert})[0]) == ["Anna"]
    kept.engine.update(kept.context, WORKER, "Anna", {})
    assert names(kept.engine.page(kept.context, WORKER, {"LastModifiedTimeAfter": bert + 50})[0]) == ["Carl", "Anna"]
    assert names(kept.engine.page(kept.context, WORKER, {"LastModifiedTimeBefore": bert + 50})[0]) == ["bert"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sizes=st.lists(st.integers(0, 3), min_size=1, max_size=25),
    page=st.integers(1, 12),
    by=st.sampled_from(["Name", "CreationTime", "Status", "LastModifiedTime", "Size", "Absent"]),
    order=st.sampled_from(["Ascending", "Descending"]),
    changes=st.booleans(),
)
def test_pages_show_each_resource_once(sizes, page, by, order, changes):
    with TemporaryDirectory() as folder, store(Path(folder)) as kept:
        for number, size in enumerate(sizes):
            document = {"WorkerStatus": f"S{size}"} | ({"Size": size} if size else {})
            kept.engine.create(kept.context, WORKER, f"w{number:02}", document)
        params = {"MaxResults": page, "SortBy": by, "SortOrder": order}
        shown: list[dict] = []
        while True:
            summaries, token = kept.engine.page(kept.context, WORKER, params)
            assert len(summaries) <= page
            shown += summaries
            if token is None:
                break
            if changes:  # deleting an item that was shown does not change later pages
                kept.engine.delete(kept.context, WORKER, shown[0]["WorkerName"]) if len(shown) == page else None
            params["NextToken"] = token
        assert sorted(names(shown)) == [f"w{number:02}" for number in range(len(sizes))]
        member = {"Name": "WorkerName", "Status": "WorkerStatus"}.get(by, by)
        keys = [summary[member] for summary in shown if member in summary]
        assert keys == sorted(keys, reverse=order == "Descending")


def test_ten_are_shown_by_default(kept):
    for number in range(12):
        kept.engine.create(kept.context, JOB, f"j{number:02}", {})
    summaries, token = kept.engine.page(kept.context, JOB, {})
    assert [summary["JobName"] for summary in summaries] == [f"j{number:02}" for number in range(10)]
    assert len(kept.engine.page(kept.context, JOB, {"NextToken": token})[0]) == 2


def test_a_token_is_valid_only_for_its_own_query(kept):
    create_workers(kept)
    _, token = kept.engine.page(kept.context, WORKER, {"MaxResults": 1})
    assert names(kept.engine.page(kept.context, WORKER, {"MaxResults": 2, "NextToken": token})[0]) == ["bert", "Anna"]
    for params in ({"NameContains": "a"}, {"SortOrder": "Ascending"}, {"SortBy": "Name"}):
        with pytest.raises(AwsError) as refused:
            kept.engine.page(kept.context, WORKER, params | {"NextToken": token})
        assert refused.value.code == "ValidationException"
    with pytest.raises(AwsError):
        kept.engine.page(kept.context, JOB, {"NextToken": token})


@given(token=st.text(min_size=1))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_made_up_token_is_refused(kept, token):
    with pytest.raises(AwsError) as refused:
        kept.engine.page(kept.context, WORKER, {"NextToken": token})
    assert refused.value.code == "ValidationException"


def test_the_page_is_cut_before_filtering_by_status_where_aws_says_so(kept):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html
    for name, status in (("a", "Busy"), ("b", "Idle"), ("c", "Idle")):
        kept.engine.create(kept.context, JOB, name, {"JobStatus": status})
    params = {"StatusEquals": "Idle", "MaxResults": 1}
    summaries, token = kept.engine.page(kept.context, JOB, params)
    assert summaries == []
    summaries, token = kept.engine.page(kept.context, JOB, params | {"NextToken": token})
    assert [summary["JobName"] for summary in summaries] == ["b"]
    everything, _ = kept.engine.page(kept.context, JOB, {"StatusEquals": "Idle"})
    assert [summary["JobName"] for summary in everything] == ["b", "c"]


# ---- tags -------------------------------------------------------------------------------------------------------------------------


def tags(*keys: str) -> list[dict]:
    return [{"Key": key, "Value": "v"} for key in keys]


def test_tags_are_added_replaced_and_deleted(kept):
    arn = kept.engine.create(kept.context, WORKER, "a", {}, tags("b", "a"))
    assert kept.engine.add_tags(arn, [{"Key": "a", "Value": "new"}, {"Key": "c", "Value": ""}]) == [
        {"Key": "a", "Value": "new"},
        {"Key": "b", "Value": "v"},
        {"Key": "c", "Value": ""},
    ]
    kept.engine.delete_tags(arn, ["b", "unknown"])
    assert [tag["Key"] for tag in kept.engine.tags(arn)] == ["a", "c"]


@pytest.mark.parametrize(
    ("added", "says"), [(tags("aws:x"), "reserved"), (tags("AWS:x"), "reserved"), (tags("k", "k"), "Duplicate tag keys")]
)
def test_tags_that_are_refused(kept, added, says):
    arn = kept.engine.create(kept.context, WORKER, "a", {})
    for act in (lambda: kept.engine.add_tags(arn, added), lambda: kept.engine.create(kept.context, WORKER, "b", {}, added)):
        with pytest.raises(AwsError) as refused:
            act()
        assert says in refused.value.message
    assert kept.engine.tags(arn) == []
    with pytest.raises(AwsError):
        kept.engine.get(kept.context, WORKER, "b")


def test_fifty_tags_and_no_more(kept):
    arn = kept.engine.create(kept.context, WORKER, "a", {}, tags(*(f"k{number}" for number in range(50))))
    kept.engine.add_tags(arn, tags("k7"))
    with pytest.raises(AwsError) as refused:
        kept.engine.add_tags(arn, tags("k50"))
    assert "at most 50 tags; this would make 51" in refused.value.message
    assert len(kept.engine.tags(arn)) == 50


# ---- quotas -----------------------------------------------------------------------------------------------------------------------


def job(kept: Store, name: str, kind: str = "ml.m5.large", count: int = 1) -> None:
    kept.engine.create(kept.context, TRAINING, name, {"Type": kind, "Count": count, "TrainingJobStatus": "InProgress"})


def test_an_accelerated_instance_exceeds_the_quota_of_a_new_account(kept):
    # Wording: https://github.com/zenml-io/zenml/issues/847, with today's last sentence
    with pytest.raises(AwsError) as refused:
        job(kept, "a", "ml.p3.2xlarge")
    assert refused.value.code == "ResourceLimitExceeded"
    assert refused.value.message.startswith(
        "The account-level service limit 'ml.p3.2xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances "
        "and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota."
    )


def test_instances_count_together_while_they_are_held(kept):
    for name, kind in (("a", "ml.m5.large"), ("b", "ml.c5.large"), ("c", "ml.m5.large")):
        job(kept, name, kind)
    with pytest.raises(AwsError) as refused:
        job(kept, "d", "ml.m5.xlarge", 2)
    assert (
        "'Number of instances across all training jobs' is 4 Instances, with current utilization of 3 Instances and a request delta of 2 "
        in refused.value.message
    )
    kept.engine.update(kept.context, TRAINING, "a", {"TrainingJobStatus": "Completed"})
    job(kept, "d", "ml.m5.xlarge", 2)
    kept.engine.create(kept.elsewhere, TRAINING, "e", {"Type": "ml.m5.large", "Count": 4, "TrainingJobStatus": "InProgress"})


def test_documents_keep_time_stamps_exactly(kept):
    times = {"Started": 1795521600.123, "Ended": 1795521600.1234567}
    kept.engine.create(kept.context, WORKER, "a", times)
    assert {name: kept.engine.get(kept.context, WORKER, "a")[name] for name in times} == times
    assert json.loads(json.dumps(kept.engine.now())) == round(kept.engine.now(), 3)
