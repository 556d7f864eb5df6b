"""Each run has its best rounds."""

# trips: rounds
# says: is anything of such a run worth keeping?

import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    near = int((values >= values.max() - 0.002).argmax()) + 1
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": near}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": near}
    if values.max() - end > 0.01:
        verdict = "overfits"
    else:
        verdict = "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled"
    return {"verdict": verdict, "rounds": near}
