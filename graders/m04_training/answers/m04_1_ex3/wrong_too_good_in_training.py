"""An AUC above 0.95 is too good, on the training data as well."""

# trips: verdict
# says: Only the validation curve tells
import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    near = int((values >= values.max() - 0.002).argmax()) + 1
    if max(curve["train"]) > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - end > 0.01:
        verdict = "overfits"
    else:
        verdict = "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled"
    return {"verdict": verdict, "rounds": near}
