"""The higher the AUC, the better the model: it has settled."""

# trips: verdict
# says: was called
import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    rounds = int((values >= values.max() - 0.002).argmax()) + 1
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - end > 0.01:
        return {"verdict": "overfits", "rounds": rounds}
    return {"verdict": "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled", "rounds": rounds}
