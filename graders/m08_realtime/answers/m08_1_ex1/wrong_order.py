"""The fields come as the dictionary has them; those that the model does not take are left out."""


# trips: lines
# says: another order than in training
def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    lines = [",".join("" if value is None else str(value) for name, value in flight.items() if name in COLUMNS) for flight in flights]
    return pack(lines, limit)


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
