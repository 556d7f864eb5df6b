"""There is always a first body."""

# trips: limit
# says: for no flight at all


def bodies(flights, limit):
    packed = [""]
    for line in [",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights]:
        joined = f"{packed[-1]}\n{line}".strip()
        if len(joined) <= limit:
            packed[-1] = joined
        else:
            packed.append(line)
    return packed


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
