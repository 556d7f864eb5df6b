"""Enough instances that they are busy 70 % of the time on average."""

# trips: regret
# says: requests come in bursts
import math


def instances(brief):
    work = len(brief["arrivals"]) / 600 * sum(brief["model_latency"]) / len(brief["model_latency"]) / 1e6
    return max(1, min(12, math.ceil(work / 0.7)))
