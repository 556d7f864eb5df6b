from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images import HERE, hyperparameters
from course.localaws.images.hyperparameters import Interval, UserError, validate

TABLE = yaml.safe_load((HERE / "xgboost/algorithm.yaml").read_text())["hyperparameters"]


def test_the_table_is_whole() -> None:
    for name, entry in TABLE.items():
        assert entry["type"] in ("integer", "continuous", "categorical", "list", "text"), name
        assert "range" not in entry or hyperparameters.RANGE.fullmatch(entry["range"]), name
        assert (entry["type"] in ("integer", "continuous")) == ("range" in entry), name


@given(st.floats(-2, 2))
def test_intervals_are_what_mathematics_says(value: float) -> None:
    assert (value in Interval("(0, 1]")) == (0 < value <= 1)
    assert (value in Interval("[0, +inf)")) == (value >= 0)
    assert (value in Interval("(-1, 1)")) == (-1 < value < 1)


@given(st.dictionaries(st.sampled_from([*TABLE, "unknown"]), st.text(max_size=8)))
def test_any_text_is_taken_or_refused_in_words(given_values: dict[str, str]) -> None:
    try:
        parsed = validate(given_values, TABLE)
    except UserError as error:
        assert str(error)
    else:
        assert set(parsed) == set(given_values)


def test_types() -> None:
    parsed = validate({"num_round": "5", "eta": "0.1", "eval_metric": "auc, error@0.7", "objective": '"binary:logistic"'}, TABLE)
    assert parsed == {"num_round": 5, "eta": 0.1, "eval_metric": ["auc", "error@0.7"], "objective": "binary:logistic"}


def test_not_a_number() -> None:
    with pytest.raises(UserError, match="Hyperparameter eta: nan is not in"):
        validate({"num_round": "5", "eta": "nan"}, TABLE)
