"""A sentence says more than a word."""

# trips: form
# says: expected a word of the table

diagnoses = {case: {"cause": "the model was not found", "line": "no model file"} for case in names}
repairs = {case: {"ModelDataUrl": artifacts["weather"]} for case in names}
