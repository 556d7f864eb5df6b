"""The transform from a raw flight to the numbers that a model takes. It learns from data which airports and airlines there are."""

from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

NAMES = ["origin", "carrier"]
NUMBERS = ["weekday", "hour", "distance"]
NUMBERS += ["temp", "humid", "wind_speed", "precip", "visib", "pressure"]
RAW = [*NAMES, *NUMBERS]  # a line of CSV, in this order, without a header


def transform() -> ColumnTransformer:
    """The transform before it is fitted: a column for each airport and airline, and the numbers unchanged."""
    return ColumnTransformer(
        [
            ("names", OneHotEncoder(handle_unknown="ignore"), NAMES),
            ("numbers", "passthrough", NUMBERS),
        ],
        sparse_threshold=0,
    )
