import json as reader


def bodies(flights, limit):
    packed, lines, size = [], [], 0
    for flight in flights:
        line = ",".join(str(flight[name]).replace("None", "") for name in COLUMNS)
        if lines and size + 1 + len(line) > limit:
            packed.append("\n".join(lines))
            lines, size = [], 0
        size += len(line) + bool(lines)
        lines.append(line)
    return [*packed, "\n".join(lines)] if lines else []


def predict(endpoint, flights, limit):
    scores = []
    for body in bodies(flights, limit):
        answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Accept="application/json", Body=body)
        scores += [item["score"] for item in reader.loads(answer["Body"].read())["predictions"]]
    return scores
