import numpy as np


def warning_threshold(probabilities: list, late: list, missed: float, false_alarm: float) -> float:
    chance, was = np.array(probabilities), np.array(late)
    cuts = np.linspace(0, 1, 201)
    costs = [missed * was[chance < cut].sum() + false_alarm * (1 - was[chance >= cut]).sum() for cut in cuts]
    return float(cuts[int(np.argmin(costs))])
