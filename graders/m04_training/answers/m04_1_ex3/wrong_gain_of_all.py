"""It still learns if it ended higher than it began."""

# trips: verdict
# says: does it still move at its end

import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end = values.tail(5).mean()
    near = int((values >= values.max() - 0.002).argmax()) + 1
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if values.diff().abs().mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - end > 0.01:
        return {"verdict": "overfits", "rounds": near}
    return {"verdict": "still learning" if end - values.iloc[0] > 0.005 else "settled", "rounds": near}
