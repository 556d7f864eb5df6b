"""A Processing script: measures a new model and the live one on the same flights, and writes ``evaluation.json``.

``--live`` is the S3 URI of the live model's archive, or ``none``: then the new model is compared with no warnings at all. A late flight
without a warning costs 120 dollars, a false warning 25. So a warning pays when the probability is above 25/145.
"""

import argparse
import json
import tarfile
import tempfile
from pathlib import Path

import boto3
import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import roc_auc_score

BASE = Path("/opt/ml/processing")
MISSED, FALSE = 120, 25  # dollars

parser = argparse.ArgumentParser()
parser.add_argument("--live", default="none")
options = parser.parse_args()
test = pd.read_csv(BASE / "test" / "test.csv", header=None)
late, features = test[0], test.iloc[:, 1:]


def measure(probability: np.ndarray) -> dict:
    warned = probability > FALSE / (MISSED + FALSE)
    dollars = np.where(warned, FALSE * (late == 0), MISSED * (late == 1)).mean()
    return {
        "auc": round(float(roc_auc_score(late, probability)), 4),
        "warned": round(float(warned.mean()), 3),
        "dollars": round(float(dollars), 3),
    }


def predicted(archive: Path) -> np.ndarray:
    model = xgboost.Booster()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        model.load_model(f"{folder}/xgboost-model")
    return model.predict(xgboost.DMatrix(features.to_numpy()))


new = predicted(BASE / "model" / "model.tar.gz")
live = np.zeros(len(test))
if options.live != "none":
    bucket, _, key = options.live.removeprefix("s3://").partition("/")
    boto3.client("s3").download_file(bucket, key, "live.tar.gz")
    live = predicted(Path("live.tar.gz"))
report = {"new": measure(new), "live": measure(live)}
(BASE / "report").mkdir(exist_ok=True)
(BASE / "report" / "evaluation.json").write_text(json.dumps(report))
print(report)
