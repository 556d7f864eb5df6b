"""Below its best at the end: it overfits."""

# trips: verdict
# says: does it sink, or does it only tremble?

import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    near = int((values >= values.max() - 0.002).argmax()) + 1
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.iloc[-1] < values.max():
        verdict = "overfits"
    else:
        verdict = "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled"
    return {"verdict": verdict, "rounds": near}
