"""Cold starts are bad for the callers: instances, as many as are busy."""

# trips: regret
# says: who pays for the hours in which few ask


def plan(brief):
    def cost(count):
        times = real_time(brief["arrivals"], brief["instance_seconds"], count)
        return 3 * count * brief["instance_usd"] + brief["late_usd"] * sum(taken > brief["late_after"] for taken in times)

    return {"kind": "real-time", "instances": min(range(1, 5), key=cost)}
