def bodies(flights, limit):
    if not flights:
        return []
    lines = pd.DataFrame(flights)[COLUMNS].to_csv(index=False, header=False).splitlines()
    packed = [lines[0]]
    for line in lines[1:]:
        joined = f"{packed[-1]}\n{line}"
        if len(joined) <= limit:
            packed[-1] = joined
        else:
            packed.append(line)
    return packed


def predict(endpoint, flights, limit):
    joined = ",".join(invoke(endpoint, body).strip().replace("\n", ",") for body in bodies(flights, limit))
    return [float(number) for number in joined.split(",") if number]
