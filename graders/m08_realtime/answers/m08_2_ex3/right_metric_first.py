def policy(brief):
    by_processor = brief["cpu_share"] > 0.5
    flights = sorted(brief["flights"])[len(brief["flights"]) // 2]
    minutes = (brief["request_ms"] + brief["flight_ms"] * flights) / 60_000
    candidates = [
        {
            "metric": "CPUUtilization" if by_processor else "InvocationsPerInstance",
            "target": 6.6 + brief["cpu_share"] * percent if by_processor else percent / 100 / minutes,
            "out_cooldown": 60 * brief["start_minutes"],
            "in_cooldown": 300,
            "min": least,
            "max": 12,
        }
        for percent in range(22, 84, 5)
        for least in (1, 2, 3, 4, 6)
    ]
    return min(candidates, key=lambda one: replay(brief, one)["cost"])
