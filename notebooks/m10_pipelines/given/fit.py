"""A Processing script: fits a transform to raw flights, and packs it for the scikit-learn container that serves it in front of the model.

Reads ``input/train.csv`` with a header line: ``late`` and the raw columns. Writes ``train/train.csv``, the label and the transformed
columns without a header, and ``transform/model.tar.gz`` with the fitted transform and the code that serves it.
"""

import tarfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from raw import RAW, transform

BASE = Path("/opt/ml/processing")

rows = pd.read_csv(BASE / "input" / "train.csv")
fitted = transform().fit(rows[RAW])
made = np.column_stack([rows.late, fitted.transform(rows[RAW])])
for name in ("train", "transform"):
    (BASE / name).mkdir(parents=True, exist_ok=True)
np.savetxt(BASE / "train" / "train.csv", made, delimiter=",", fmt="%.6g")
joblib.dump(fitted, "transform.joblib")
code = Path(__file__).parent
with tarfile.open(BASE / "transform" / "model.tar.gz", "w:gz") as archive:
    archive.add("transform.joblib")
    for name in ("serve.py", "raw.py"):
        archive.add(BASE / "lib" / name, f"code/{name}")
print(f"{len(rows)} flights, {made.shape[1] - 1} columns")
