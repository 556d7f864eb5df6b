def read_curve(curve):
    values = curve["validation"]
    best = max(values)
    end = sum(values[-5:]) / 5
    before = values[-len(values) // 4 :][:5]
    rounds = next(number for number, value in enumerate(values, 1) if value >= best - 0.002)
    steps = [abs(a - b) for a, b in zip(values, values[1:], strict=False)]
    if best > 0.95:
        return {"verdict": "too good", "rounds": 0}
    if sum(steps) / len(steps) > 0.005:
        return {"verdict": "jumps", "rounds": 0}
    if end < best - 0.01:
        return {"verdict": "overfits", "rounds": rounds}
    if end > sum(before) / 5 + 0.005:
        return {"verdict": "still learning", "rounds": rounds}
    return {"verdict": "settled", "rounds": rounds}
