"""Pages of documents in memory: pages of any size show each document once and in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core import paging
from course.localaws.core.errors import AwsError

VALUES = st.one_of(st.none(), st.integers(-3, 3), st.floats(-3, 3), st.sampled_from(["", "a", "b"]))


@given(st.lists(VALUES, max_size=12), st.integers(1, 5), st.sampled_from(["Ascending", "Descending", None]))
def test_pages_of_any_size_show_each_once_and_in_order(values: list, size: int, order: str | None) -> None:
    documents = [{"Arn": f"arn:{number}", "value": value} for number, value in enumerate(values)]
    params = {"MaxResults": size} | ({"SortOrder": order} if order else {})
    shown, token = [], None
    while True:
        page, token = paging.page(documents, "Arn", lambda document: document["value"], params | ({"NextToken": token} if token else {}))
        shown += page
        assert len(page) <= size and (token is None or len(page) == size)
        if token is None:
            break
    assert sorted(each["Arn"] for each in shown) == sorted(each["Arn"] for each in documents)
    sorts = [each["value"] for each in shown if each["value"] is not None]
    ranked = sorted(sorts, key=lambda value: (isinstance(value, str), value), reverse=order != "Ascending")
    assert sorts == ranked and all(each["value"] is None for each in shown[len(sorts) :])


@given(st.text(max_size=40))
def test_a_token_of_another_query_or_an_invented_one_is_refused(text: str) -> None:
    documents = [{"Arn": "a", "value": 1}, {"Arn": "b", "value": 2}]
    _, token = paging.page(documents, "Arn", lambda document: document["value"], {"MaxResults": 1})
    for params in ({"NextToken": token, "SortOrder": "Ascending"}, {"NextToken": text or "x"}):
        try:
            paging.page(documents, "Arn", lambda document: document["value"], params)
        except AwsError as error:
            assert error.code == "ValidationException"
        else:
            raise AssertionError(f"{params} was taken")


def test_documents_may_be_identified_by_a_number() -> None:
    """As the steps of an Inference Recommender job are."""
    steps = [{"number": number} for number in range(3)]
    first, token = paging.page(steps, "number", lambda step: step["number"], {"SortOrder": "Ascending", "MaxResults": 2})
    rest, end = paging.page(steps, "number", lambda step: step["number"], {"SortOrder": "Ascending", "MaxResults": 2, "NextToken": token})
    assert (first + rest, end) == (steps, None)
