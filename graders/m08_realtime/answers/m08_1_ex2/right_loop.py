import heapq


def instances(brief):
    seconds = (np.array(brief["model_latency"]) + brief["overhead_latency"]) / 1_000_000
    best, least = 1, float("inf")
    for count in range(1, 13):
        free, late = [0.0] * count, 0
        for number, arrival in enumerate(brief["arrivals"]):
            end = max(arrival, free[0]) + seconds[number % len(seconds)]
            heapq.heapreplace(free, end)
            late += end - arrival > brief["late_after_ms"] / 1000
        price = count * brief["instance_usd"] * 10 / 60 + late * brief["late_usd"]
        if price < least:
            best, least = count, price
    return int(best)
