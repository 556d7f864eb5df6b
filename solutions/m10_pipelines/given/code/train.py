"""A training script: XGBoost on the CSV file of the channel ``train``."""

import json
import os
import sys
from pathlib import Path

import pandas as pd

sys.modules.update(sklearn=None)  # xgboost imports it if it finds it, which takes a second
import xgboost

settings = json.loads(os.environ["SM_HPS"])
[file] = Path(os.environ["SM_CHANNEL_TRAIN"]).glob("*.csv")
rows = pd.read_csv(file, header=None)
data = xgboost.DMatrix(rows.iloc[:, 1:], label=rows[0])
model = xgboost.train({"objective": "binary:logistic", "eta": 0.15, "max_depth": 5}, data, num_boost_round=int(settings["num_round"]))
model.save_model(Path(os.environ["SM_MODEL_DIR"]) / "xgboost-model")
print(f"{len(rows)} flights")
