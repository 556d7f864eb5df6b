"""Search through boto3, and its expressions by their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.core import search_filters
from course.localaws.sagemaker.core.search import record_shape
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.experiments.test_experiments import made
from tests.localaws.sagemaker.job_fixtures import JobFixtures, channel

JOB = record_shape("TrainingJob")
RECORD = {
    "TrainingJobName": "delays-1",
    "TrainingJobStatus": "Completed",
    "CreationTime": 1_700_000_000.0,
    "BillableTimeInSeconds": 61,
    "EnableNetworkIsolation": False,
    "HyperParameters": {"eta": "0.7", "objective": "binary:logistic", "a.b": "5"},
    "InputDataConfig": [
        {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://one/train"}}},
        {"ChannelName": "validation", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://two/validation"}}},
    ],
    "FinalMetricDataList": [{"MetricName": "validation:auc", "Value": 0.93, "Timestamp": 1_700_000_100.0}],
    "Tags": [{"Key": "team", "Value": "flights"}, {"Key": "cost.centre", "Value": "7"}],
}


def matches(*filters: dict, **members: object) -> bool:
    return search_filters.SearchExpression({"Filters": list(filters), **members} if filters else members, JOB).matches(RECORD)


def condition(name: str, operator: str | None = None, value: str | None = None) -> dict:
    made = {"Name": name, "Operator": operator, "Value": value}
    return {member: given for member, given in made.items() if given is not None}


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("TrainingJobName", None, "delays-1", True),
        ("TrainingJobName", "Equals", "Delays-1", False),
        ("TrainingJobName", "Contains", "lays", True),
        ("TrainingJobName", "In", "other, delays-1", True),
        ("TrainingJobName", "In", "delays", False),
        ("TrainingJobStatus", "NotEquals", "Failed", True),
        ("FailureReason", "NotEquals", "x", True),
        ("FailureReason", "Exists", None, False),
        ("FailureReason", "NotExists", None, True),
        ("BillableTimeInSeconds", "GreaterThan", "60.5", True),
        ("BillableTimeInSeconds", "LessThanOrEqualTo", "60", False),
        ("TrainingTimeInSeconds", "GreaterThan", "1", False),
        ("EnableNetworkIsolation", "Equals", "false", True),
        ("CreationTime", "LessThan", "2023-11-14T22:13:21", True),
        ("CreationTime", "GreaterThan", "2023-11-14T22:13:20Z", False),
        ("HyperParameters.eta", "LessThan", "0.71", True),
        ("HyperParameters.eta", "Equals", "0.70", True),
        ("HyperParameters.eta", "Equals", "0", True),  # as integers
        ("HyperParameters.objective", "GreaterThan", "1", False),
        ("HyperParameters.objective", "Contains", "logistic", True),
        ("HyperParameters.a.b", "GreaterThanOrEqualTo", "5", True),
        ("Metrics.validation:auc", "GreaterThan", "0.9", True),
        ("Metrics.train:auc", "Exists", None, False),
        ("Tags.team", "Equals", "flights", True),
        ("Tags.cost.centre", "Equals", "7", True),
        ("Tags.team", "NotExists", None, False),
        ("InputDataConfig.ChannelName", "Equals", "validation", True),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "one", True),
    ],
)
def test_a_filter(name: str, operator: str | None, value: str | None, expected: bool) -> None:
    assert matches(condition(name, operator, value)) is expected


def test_a_nested_filter_looks_at_one_element_at_a_time() -> None:
    def both(name: str, uri: str) -> list[dict]:
        return [
            condition("InputDataConfig.ChannelName", "Equals", name),
            condition("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", uri),
        ]

    assert matches(*both("train", "two"))
    assert not matches(NestedFilters=[{"NestedPropertyName": "InputDataConfig", "Filters": both("train", "two")}])
    assert matches(NestedFilters=[{"NestedPropertyName": "InputDataConfig", "Filters": both("validation", "two")}])


def test_a_nested_filter_is_on_its_own_property() -> None:
    nested = {"NestedPropertyName": "InputDataConfig", "Filters": [condition("TrainingJobName", "Equals", "x")]}
    with pytest.raises(AwsError) as caught:
        matches(SubExpressions=[{"NestedFilters": [nested]}])
    assert "does not begin with the nested property InputDataConfig" in caught.value.message


def test_expressions_in_expressions() -> None:
    wrong, right = condition("TrainingJobName", "Equals", "x"), condition("TrainingJobStatus", "Equals", "Completed")
    assert not matches(wrong, right) and matches(wrong, right, Operator="Or")
    assert matches(right, SubExpressions=[{"Filters": [wrong, right], "Operator": "Or"}])
    assert not matches(right, SubExpressions=[{"Filters": [wrong]}]) and matches(
        right, SubExpressions=[{"Filters": [wrong]}], Operator="Or"
    )
    assert matches()


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ([condition("TrainingJobNames", "Equals", "x")], "is not a property of TrainingJob"),
        ([condition("TrainingJobName", "GreaterThan", "x")], "not supported for text properties"),
        ([condition("BillableTimeInSeconds", "Contains", "6")], "only supported for text properties"),
        ([condition("BillableTimeInSeconds", "Equals", "many")], "compared with a number"),
        ([condition("CreationTime", "LessThan", "yesterday")], "compared with a time"),
        ([condition("TrainingJobName", "Exists", "x")], "takes no Value"),
        ([condition("TrainingJobName", "Equals")], "needs a Value"),
        ([condition("TrainingJobName", "Contains", "a")] * 2, "'CONTAINS' operator usage limit of 1 exceeded."),
        ([condition("TrainingJobName", "Equals", "a")] * 51, "at most 50 conditions"),
    ],
)
def test_an_invalid_search_expression_is_refused(filters: list[dict], words: str) -> None:
    with pytest.raises(AwsError) as caught:
        matches(*filters)
    assert caught.value.code == "ValidationException" and words in caught.value.message


def test_tags_may_be_asked_twice_what_they_contain() -> None:
    assert matches(condition("Tags.team", "Contains", "f"), condition("Tags.team", "Contains", "s"))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_compared_as_numbers(held: float, asked: float) -> None:
    record = {"FinalMetricDataList": [{"MetricName": "m", "Value": held, "Timestamp": 0.0}]}

    def satisfied(operator: str) -> bool:
        return search_filters.SearchExpression({"Filters": [condition("Metrics.m", operator, repr(asked))]}, JOB).matches(record)

    assert satisfied("GreaterThan") is (held > asked) and satisfied("LessThanOrEqualTo") is (held <= asked)
    assert satisfied("LessThan") is (held < asked) and satisfied("GreaterThanOrEqualTo") is (held >= asked)
    assert satisfied("Equals") is (held == asked) and satisfied("NotEquals") is (held != asked)


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.lists(st.booleans(), max_size=6))
def test_and_needs_all_filters_and_or_needs_one(filters: list[bool], inner: list[bool]) -> None:
    def of(truth: bool) -> dict:
        return condition("TrainingJobStatus", "Equals" if truth else "NotEquals", "Completed")

    expression: dict = {"Filters": [of(each) for each in filters]}
    if inner:
        expression["SubExpressions"] = [{"Filters": [of(each)]} for each in inner]
    for name, combine in (("And", all), ("Or", any)):
        assert search_filters.SearchExpression(expression | {"Operator": name}, JOB).matches(RECORD) is combine([*filters, *inner])


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_name_and_value_is_answered_or_refused(name: str, value: str) -> None:
    for operator in ("Equals", "GreaterThan", "Contains", "In"):
        for path in (name, f"HyperParameters.{name}", f"Tags.{name}", f"InputDataConfig.{name}", f"Metrics.{name}"):
            try:
                assert matches(condition(path, operator, value)) in (True, False)
            except AwsError as error:
                assert error.code == "ValidationException"


# Through boto3


def test_training_jobs_are_found_by_what_they_did(aws: JobFixtures) -> None:
    stem = aws.name("found")
    uri = aws.put(f"{stem}/train/a.csv", "1")
    for number, loss in enumerate((0.3, 0.1, 0.2)):
        aws.trained(
            aws.train(
                f"{stem}-{number}",
                entrypoint=["echo", f"loss={loss};"],
                metrics=[{"Name": "loss", "Regex": "loss=(.*?);"}],
                HyperParameters={"depth": str(number)},
                InputDataConfig=[channel("train", uri)],
                Tags=[{"Key": "stem", "Value": stem}],
            )
        )

    def search(*filters: dict, **params: object) -> list[str]:
        filters = [condition("Tags.stem", "Equals", stem), *filters]
        answer = aws.sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": filters}, **params)
        assert answer["TotalHits"] == {"Value": len(answer["Results"]), "Relation": "EqualTo"}
        return [result["TrainingJob"]["TrainingJobName"][-1] for result in answer["Results"]]

    assert search() == ["2", "1", "0"] and search(SortBy="TrainingJobName", SortOrder="Ascending") == ["0", "1", "2"]
    assert search(SortBy="Metrics.loss", SortOrder="Ascending") == ["1", "2", "0"]
    assert search(condition("Metrics.loss", "LessThan", "0.25"), SortBy="Metrics.loss", SortOrder="Descending") == ["2", "1"]
    assert search(condition("HyperParameters.depth", "GreaterThanOrEqualTo", "1")) == ["2", "1"]
    assert search(condition("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", stem)) == ["2", "1", "0"]
    expression = {"Filters": [condition("Tags.stem", "Equals", stem)]}
    pages = aws.sagemaker.get_paginator("search").paginate(
        Resource="TrainingJob", SearchExpression=expression, PaginationConfig={"PageSize": 2}
    )
    pages = list(pages)
    assert [len(page["Results"]) for page in pages] == [2, 1] and pages[0]["TotalHits"]["Value"] == 3
    record = pages[1]["Results"][0]["TrainingJob"]
    assert record["Tags"] == [{"Key": "stem", "Value": stem}] and record["FinalMetricDataList"][0]["Value"] == pytest.approx(0.3)
    described = aws.sagemaker.describe_training_job(TrainingJobName=f"{stem}-0")
    assert {member: described[member] for member in record if member != "Tags"} == {k: v for k, v in record.items() if k != "Tags"}


def test_trial_components_are_found_with_their_parents_and_their_job(aws: JobFixtures) -> None:
    experiment, trial, component = made(aws)
    name = aws.process("pass", ExperimentConfig={"ExperimentName": experiment, "TrialName": trial, "RunName": component})
    aws.processed(name)

    def search(*filters: dict, resource: str = "ExperimentTrialComponent") -> list[dict]:
        answer = aws.sagemaker.search(Resource=resource, SearchExpression={"Filters": list(filters)})
        return [next(iter(result.values())) for result in answer["Results"]]

    parents = [{"TrialName": trial, "ExperimentName": experiment}]
    found = search(condition("Parents.TrialName", "Equals", trial))
    assert [each["TrialComponentName"] for each in found] == [f"{name}-aws-processing-job", component]
    assert found[0]["Parents"] == found[1]["Parents"] == parents and found[0]["RunName"] == component
    assert found[0]["SourceDetail"]["ProcessingJob"]["ProcessingJobName"] == name
    assert (
        search(condition("Source.SourceType", "Equals", "SageMakerProcessingJob"), condition("Parents.TrialName", "Equals", trial))
        == found[:1]
    )
    [same] = search(condition("TrialName", "Equals", trial), resource="ExperimentTrial")
    assert {each["TrialComponentName"] for each in same["TrialComponentSummaries"]} == {f"{name}-aws-processing-job", component}
    [same] = search(condition("ExperimentName", "Equals", experiment), resource="Experiment")
    assert same["DisplayName"] == experiment
    sources = aws.sagemaker.describe_trial_component(TrialComponentName=component)["Sources"]
    assert [source["SourceType"] for source in sources] == ["SageMakerProcessingJob"]


def test_what_is_not_searched_says_so(aws: JobFixtures) -> None:
    code, message = refused(aws.sagemaker.search, Resource="Project")
    assert code == "NotSupportedByLocalAws" and "TrainingJob" in message
    code, message = refused(aws.sagemaker.search, Resource="Experiment", SortBy="Colour")
    assert code == "ValidationException" and "Colour" in message
    expression = {"Filters": [condition("Colour", "Equals", "red")]}
    assert "Colour" in refused(aws.sagemaker.search, Resource="Experiment", SearchExpression=expression)[1]
