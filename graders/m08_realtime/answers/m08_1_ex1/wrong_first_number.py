"""The answer of the endpoint is a number, as it was for one flight."""


# trips: answers
# says: expected one a flight
def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    return pack([",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights], limit)


def predict(endpoint, flights, limit):
    return [float(invoke(endpoint, body).split()[0]) for body in bodies(flights, limit)]
