def problem(body):
    try:
        found = json.loads(body)
    except ValueError:
        return "no JSON"
    if not isinstance(found, dict) or not isinstance(found.get("flights"), list) or not found["flights"]:
        return "no flights"
    whole = all(isinstance(flight, dict) and set(COLUMNS) <= set(flight) for flight in found["flights"])
    return "" if whole else "columns are missing"


@rehearsed
def handler(event, context):
    if wrong := problem(event["body"]):
        return {"statusCode": 400, "body": json.dumps({"message": wrong})}
    flights = json.loads(event["body"])["flights"]
    body = "\n".join(",".join("" if flight[name] is None else repr(flight[name]) for name in COLUMNS) for flight in flights)
    given_up = context.kept.get("given_up", 0)
    tries = 3 if given_up < 3 else 1
    for number in range(tries):
        if context.remaining_ms() < 300:
            break
        try:
            said = context.invoke(body, 260)
        except Refused:
            break
        except (TimedOut, Throttled, Unavailable):
            if number + 1 < tries and context.remaining_ms() >= 340:
                context.wait(30 + 30 * number)
            continue
        context.kept["given_up"] = 0
        return {"statusCode": 200, "body": json.dumps({"source": "model", "late": [float(line) for line in said.split()]})}
    else:
        context.kept["given_up"] = given_up + 1
    return {"statusCode": 200, "body": json.dumps({"source": "fallback", "late": [0.237 for _ in flights]})}
