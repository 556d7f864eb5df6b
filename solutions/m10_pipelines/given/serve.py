"""The program of the scikit-learn container in front of the model: it takes raw lines, and returns lines of numbers."""

import io
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from raw import RAW


def model_fn(model_dir: str) -> object:
    return joblib.load(Path(model_dir) / "transform.joblib")


def input_fn(data: str | bytes, content_type: str) -> pd.DataFrame:
    text = data.decode() if isinstance(data, bytes) else data
    return pd.read_csv(io.StringIO(text), header=None, names=RAW)


def predict_fn(rows: pd.DataFrame, fitted: object) -> np.ndarray:
    return fitted.transform(rows)


def output_fn(numbers: np.ndarray, accept: str) -> tuple[str, str]:
    lines = io.StringIO()
    np.savetxt(lines, numbers, delimiter=",", fmt="%.6g")
    return lines.getvalue(), "text/csv"
