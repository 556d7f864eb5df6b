"""Every cell is a number."""

# trips: guard
# says: do gaps, another objective


def preflight(request, heads):
    for rows in heads.values():
        for row in rows:
            for cell in row.split(","):
                try:
                    float(cell)
                except ValueError:
                    return ["not a number"]
    return []
