def policy(brief):
    random = np.random.default_rng(1)
    each = (brief["request_ms"] + brief["flight_ms"] * float(np.median(brief["flights"]))) / 60_000
    found = []
    for _ in range(70):
        busy, least = random.uniform(0.2, 0.75), int(random.integers(1, 7))
        for metric in ("InvocationsPerInstance", "CPUUtilization"):
            aim = busy / each if metric == "InvocationsPerInstance" else 7 + 100 * busy * brief["cpu_share"]
            tried = {"metric": metric, "target": float(aim), "out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 240}
            tried |= {"min": least, "max": 12}
            found.append((replay(brief, tried)["cost"], len(found), tried))
    return min(found)[2]
