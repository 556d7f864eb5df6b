"""A table has column names on top, so that the model knows what is what."""


# trips: lines
# says: no header
def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    lines = [",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights]
    return pack([",".join(COLUMNS), *lines], limit) if flights else []


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
