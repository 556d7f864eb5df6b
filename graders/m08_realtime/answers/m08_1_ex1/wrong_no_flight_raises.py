"""The first line opens the first body."""

# trips: limit
# says: There is no flight in this call


def bodies(flights, limit):
    lines = [",".join("" if flight[name] is None else str(flight[name]) for name in COLUMNS) for flight in flights]
    packed = [lines[0]]
    for line in lines[1:]:
        joined = f"{packed[-1]}\n{line}"
        if len(joined) <= limit:
            packed[-1] = joined
        else:
            packed.append(line)
    return packed


def predict(endpoint, flights, limit):
    return [float(number) for body in bodies(flights, limit) for number in invoke(endpoint, body).replace(",", " ").split()]
