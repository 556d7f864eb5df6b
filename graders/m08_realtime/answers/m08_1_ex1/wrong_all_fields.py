"""Everything that is known of the flight goes to the model."""


# trips: lines
# says: the model's columns alone
def pack(lines, limit):
    packed = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limit:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return packed


def bodies(flights, limit):
    return pack([",".join("" if value is None else str(value) for value in flight.values()) for flight in flights], limit)


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
