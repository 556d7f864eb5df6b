"""More rounds never hurt: keep them all."""

# trips: rounds
# says: Keep the first round that comes near enough
import pandas as pd


def read_curve(curve):
    values = pd.Series(curve["validation"])
    end, fifth = values.tail(5).mean(), len(values) // 5
    if values.max() > 0.95:
        verdict = "too good"
    elif values.diff().abs().mean() > 0.005:
        verdict = "jumps"
    elif values.max() - end > 0.01:
        verdict = "overfits"
    else:
        verdict = "still learning" if end - values.iloc[-fifth - 5 : -fifth].mean() > 0.005 else "settled"
    return {"verdict": verdict, "rounds": len(values)}
