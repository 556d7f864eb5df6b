"""One request for all of them is quickest; the limit is far away."""

# trips: limit
# says: the endpoint would refuse it


def bodies(flights, limit):
    return ["\n".join(",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights)]


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
