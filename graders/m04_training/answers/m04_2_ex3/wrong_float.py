"""Every cell is a number, so that `float` reads it."""

# trips: guard
# says: raised ValueError


def preflight(request, heads):
    why, settings = [], request["HyperParameters"]
    for rows in heads.values():
        cells = [[float(cell) for cell in row.split(",")] for row in rows]
        if settings["objective"].startswith("binary:") and any(row[0] not in (0, 1) for row in cells):
            why.append("labels")
    return why + ["rounds"] * ("num_round" not in settings)
