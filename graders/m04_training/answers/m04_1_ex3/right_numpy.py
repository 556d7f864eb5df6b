import numpy as np


def read_curve(curve):
    values = np.array(curve["validation"])
    best, end = values.max(), values[-6:].mean()
    near = int(np.flatnonzero(values >= best - 0.002)[0]) + 1
    if np.median(values) > 0.93:
        return {"verdict": "too good", "rounds": 0}
    if np.abs(np.diff(values)).mean() > 0.006:
        return {"verdict": "jumps", "rounds": 0}
    if best - end > 0.012:
        return {"verdict": "overfits", "rounds": near}
    step = max(5, len(values) // 4)
    slope = np.polyfit(np.arange(step), values[-step:], 1)[0] * step
    return {"verdict": "still learning" if slope > 0.006 else "settled", "rounds": near}
