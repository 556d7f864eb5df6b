"""Keep the rounds up to the best."""

# trips: rounds
# says: which is the first round that comes within 0.002 of the best?

import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    near = int(values.argmax()) + 1
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - end > 0.01:
        verdict = "overfits"
    else:
        verdict = "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled"
    return {"verdict": verdict, "rounds": near}
