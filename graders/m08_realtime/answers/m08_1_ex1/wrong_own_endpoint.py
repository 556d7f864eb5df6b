"""There is one endpoint in this notebook."""

# trips: answers
# says: does it ask the endpoint that it is given


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


OURS = endpoint


def predict(name, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(OURS, body).split()]
