"""A body must be shorter than the limit."""

# trips: limit
# says: room for the next line


def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) < limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    return pack([",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights], limit)


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
