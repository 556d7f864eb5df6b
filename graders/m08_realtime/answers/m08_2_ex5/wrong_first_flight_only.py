"""What holds for the first flight of an event holds for all."""

# trips: shape
# says: (flight 2 has no 'visib')


@rehearsed
def handler(event, context):
    try:
        found = json.loads(event["body"])["flights"]
        [found[0][name] for name in COLUMNS]
    except (ValueError, KeyError, TypeError, IndexError):
        return {"statusCode": 400, "body": ""}
    rows = [",".join("" if flight.get(name) is None else str(flight[name]) for name in COLUMNS) for flight in found]
    kept, wait, late = context.kept, 40, None
    kept.setdefault("retries", 8)
    while late is None:
        try:
            late = [float(number) for number in context.invoke("\n".join(rows), min(300, context.remaining_ms() - 20)).split()]
            kept["retries"] = min(8, kept["retries"] + 0.5)
        except Refused:
            break
        except (Throttled, Unavailable, TimedOut):
            if kept["retries"] < 1 or context.remaining_ms() < wait + 280:
                break
            kept["retries"] -= 1
            context.wait(wait)
            wait += 40
    return {"statusCode": 200, "body": json.dumps({"late": late or [0.237] * len(rows), "source": "model" if late else "fallback"})}
