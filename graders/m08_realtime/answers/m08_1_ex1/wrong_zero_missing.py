"""What is not there is falsy."""

# trips: lines
# says: not that flight's values


def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    return pack([",".join(str(flight[name] or "") for name in COLUMNS) for flight in flights], limit)


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
