"""Properties of the payload formats: reading returns what was written, and agrees with the reference readers."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course.localaws.images.shared import codecs
from course.localaws.images.xgboost import payloads

numbers = st.floats(allow_nan=False, width=32)
tables = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6), elements=numbers)


@given(tables)
def test_every_format_returns_what_it_was_given(table):
    for content_type in (codecs.CSV, codecs.JSON, codecs.NPY):
        np.testing.assert_array_equal(codecs.decode(codecs.encode(table, content_type), content_type).astype(float), table)


@given(st.lists(numbers, min_size=1, max_size=8))
def test_one_csv_row_has_one_dimension_and_one_column_is_written_for_it(row):
    assert codecs.csv_to_numpy(",".join(map(repr, row))).ndim == (1 if len(row) > 1 else 0)
    assert codecs.array_to_csv(np.array(row)).splitlines() == [repr(value) for value in row]


@given(arrays(st.sampled_from([np.int32, np.uint8, np.bool_]), array_shapes(max_dims=3, max_side=4)))
def test_json_writes_arrays_and_numpy_scalars_as_plain_values(array):
    written = codecs.array_to_json({"all": array, "first": array.flat[0]})
    assert json.loads(written) == {"all": array.tolist(), "first": array.flat[0].item()}


@pytest.mark.parametrize("content_type", ["image/png", "text/csv; charset=utf-8"])
def test_other_types_are_refused_by_name(content_type):
    with pytest.raises(codecs.UnsupportedFormatError, match=content_type.replace(";", ".")):
        codecs.decode("1", content_type)


@given(tables, st.sampled_from([",", "\t", ";", " ", ":"]))
def test_xgboost_csv_finds_the_delimiter_that_pythons_sniffer_finds(table, delimiter):
    text = "\n".join(delimiter.join(map(repr, row)) for row in table.tolist())
    np.testing.assert_array_equal(payloads.csv_to_array(text), table)
    line = text.split("\n")[0]
    try:
        sniffed = csv.Sniffer().sniff(line[:512]).delimiter
    except csv.Error:
        return
    assert payloads.delimiter_of(line) == ("," if sniffed.isalnum() else sniffed)


@given(arrays(np.float64, (3, 5), elements=st.one_of(numbers, st.just(np.nan))))
def test_xgboost_csv_takes_an_empty_cell_for_a_missing_value(table):
    table[:, 0] = 1.0  # a line of only empty cells would be stripped
    text = "\n".join(",".join("" if np.isnan(value) else repr(value) for value in row) for row in table.tolist())
    np.testing.assert_array_equal(payloads.csv_to_array(text), table)


@given(st.lists(st.dictionaries(st.integers(0, 40), numbers.filter(bool), max_size=5), min_size=1, max_size=6))
def test_libsvm_holds_every_value_at_its_place(rows):
    text = "\n".join(f"{number} " + " ".join(f"{column}:{value!r}" for column, value in row.items()) for number, row in enumerate(rows))
    matrix = payloads.libsvm_to_matrix(text)
    assert matrix.shape[0] == len(rows)
    assert [dict(zip(line.indices.tolist(), line.data.tolist(), strict=True)) for line in matrix] == rows
