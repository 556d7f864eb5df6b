"""One flight, one request: then nothing can be mixed up."""

# trips: limit
# says: room for the next line


def bodies(flights, limit):
    return [",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights]


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
