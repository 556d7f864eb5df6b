import numpy as np


def read_curve(curve):
    values = np.array(curve["validation"])
    lost = values.max() - values
    rounds = int(np.argmax(lost <= 0.002)) + 1
    early, late = values[-len(values) // 4 :][:5].mean(), values[-5:].mean()
    if values.max() > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if np.abs(np.diff(values)).mean() > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if values.max() - late > 0.01:
        return {"verdict": "overfits", "rounds": rounds}
    return {"verdict": "still learning" if late - early > 0.005 else "settled", "rounds": rounds}
