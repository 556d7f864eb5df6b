"""By a table, a row for each type that suits."""

import numpy as np
import pandas as pd


def cheapest(recommendations: list, need: dict) -> dict | None:
    rows = [each["Metrics"] | each["EndpointConfiguration"] for each in recommendations]
    table = pd.DataFrame(rows, columns=["InstanceType", "CostPerHour", "MaxInvocations", "ModelLatency"]).dropna()
    table = table[table.ModelLatency <= need["p95_ms"]]
    if table.empty:
        return None
    count = np.ceil(need["peak"] / 0.8 / table.MaxInvocations).clip(lower=need["least"])
    thousand = count * table.CostPerHour / need["mean"] / 60 * 1000
    best = thousand.idxmin()
    return {"type": table.InstanceType[best], "instances": int(count[best]), "per_thousand": float(thousand[best])}
