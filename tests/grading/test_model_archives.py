"""The archive of a model for checks is one that XGBoost loads, and the model of `constant` answers about its base."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
import xgboost
from hypothesis import example, given
from hypothesis import strategies as st

from course.grading.model_archives import constant


@given(st.floats(1e-6, 1 - 1e-6))
@example(0.1)
@example(0.8)
@example(0.7910952960675337)
def test_a_constant_model_answers_about_its_base(base: float) -> None:
    with tarfile.open(fileobj=io.BytesIO(constant(base))) as archive:
        assert archive.getnames() == ["xgboost-model"]
        content = archive.extractfile("xgboost-model").read()
    model = xgboost.Booster(model_file=bytearray(content))
    answers = model.predict(xgboost.DMatrix(np.array([[0.0, 1.0], [7.5, -3.0]])))
    assert answers == pytest.approx([base, base], abs=0.001)
